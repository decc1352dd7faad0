-- the newest frame of each source up to $3, at most three of its periods old; $2 schemas
select distinct on (f.source_id)
       f.source_id, f.schema_id, (extract(epoch from f.observed_at) * 1000)::bigint as observed_ms, f.payload
  from reading_frame f
  join source s on s.city_id = f.city_id and s.source_id = f.source_id
 where f.city_id = $1 and s.schema_id = any($2::int[])
   and f.observed_at <= $3::timestamptz and f.observed_at > $3::timestamptz - make_interval(secs => $4::float8)
   and f.observed_at > $3::timestamptz - make_interval(secs => 3 * s.period_s)
 order by f.source_id, f.observed_at desc
