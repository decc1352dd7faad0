insert into archive_change (city_id, change_id, made_at, seat, reason, origin, source, reverts, counts)
select $1::smallint, $2::int, $3::timestamptz, $4::text, $5::text, $6::text, $7::text, $8::int,
       jsonb_build_object(
           'added', count(*) filter (where not current and not retire),
           'changed', count(*) filter (where current and not retire),
           'retired', count(*) filter (where retire)
       )
  from archive_row
