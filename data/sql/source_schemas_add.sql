-- several schemas at once, earlier versions first; a version that is taken gives way to the next free one
insert into frame_schema (city_id, schema_id, code, version, points)
select
    $1,
    (select coalesce(max(schema_id), 0) from frame_schema where city_id = $1) + new.place,
    new.row ->> 'code',
    greatest(
        (new.row ->> 'version')::int,
        coalesce(taken.version, 0) + row_number() over (partition by new.row ->> 'code' order by new.place)
    ),
    new.row -> 'points'
from jsonb_array_elements($2::jsonb) with ordinality as new (row, place)
left join (
    select code, max(version) as version
    from frame_schema
    where city_id = $1
    group by code
) taken on taken.code = new.row ->> 'code'
