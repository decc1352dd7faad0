-- frames kept aside, newest first, with what is stored under the same key; null where that has gone to the archive
select c.conflict_id, s.code as source_code, s.asset_id, a.name as asset_name, a.kind,
       (extract(epoch from c.observed_at) * 1000)::bigint as observed_ms, (extract(epoch from c.received_at) * 1000)::bigint as received_ms,
       c.schema_id, c.payload, f.schema_id as stored_schema_id, f.payload as stored_payload,
       (extract(epoch from f.observed_at) * 1000 + f.delay_s * 1000)::bigint as stored_received_ms
from reading_conflict c
join source s on s.city_id = c.city_id and s.source_id = c.source_id
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
left join reading_frame f on f.city_id = c.city_id and f.source_id = c.source_id and f.observed_at = c.observed_at
where {scope:a} and ($5::int is null or s.asset_id = $5::int) and ($6::text is null or s.code = $6::text)
order by c.conflict_id desc
limit $7 offset $8
