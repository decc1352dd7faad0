insert into frame_schema (city_id, schema_id, code, version, points)
select
    $1,
    (select coalesce(max(schema_id), 0) + 1 from frame_schema where city_id = $1),
    $2,
    (select coalesce(max(version), 0) + 1 from frame_schema where city_id = $1 and code = $2),
    $3::jsonb
returning schema_id, version
