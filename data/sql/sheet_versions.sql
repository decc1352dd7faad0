-- a row of a register as it is and as it was, newest first
select v.valid_from_at, v.valid_to_at, v.code, v.name, v.attributes, c.change_id, c.seat, c.reason, c.source
  from (
        select r.city_id, r.changed_at as valid_from_at, null::timestamptz as valid_to_at, r.code, r.name, r.attributes, r.change_id
          from register_row r
         where {scope:r} and r.kind = $5::text and r.code = $6::text
        union all
        select r.city_id, r.valid_from_at, r.valid_to_at, r.code, r.name, r.attributes, r.change_id
          from register_version r
         where {scope:r} and r.kind = $5::text and r.code = $6::text
       ) v
  left join archive_change c on c.city_id = v.city_id and c.change_id = v.change_id
 order by v.valid_from_at desc
 limit 500
