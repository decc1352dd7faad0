-- one row when the nonce is new, none when it was seen
insert into api_nonce (app_id, nonce) values ($1, $2) on conflict do nothing returning 1
