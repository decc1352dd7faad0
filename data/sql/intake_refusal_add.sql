insert into intake_refusal (city_id, company_id, channel, sender, topic, reason, detail, size, first_bytes)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
returning refusal_id
