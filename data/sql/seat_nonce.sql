-- one row for each nonce that is new, none for those that were seen; in one order, so that two processes cannot block each other
insert into api_nonce (app_id, nonce)
select distinct used.app_id, used.nonce
from unnest($1::text[], $2::text[]) as used (app_id, nonce)
order by used.app_id, used.nonce
on conflict do nothing
returning app_id, nonce
