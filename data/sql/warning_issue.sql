-- issue a warning; the place is that given, else that of the asset
with issued as (
    insert into warning (
        city_id, name, type, level, state, asset_id, area_id, address, geom, model, origin_id, content, analysis, advice, drill_id,
        happened_at, issued_by
    )
    select $1, r.name, r.type, r.level, '01', a.asset_id, coalesce(a.area_id, r.area_id),
           coalesce(nullif(r.address, ''), concat_ws(' ', district.name, a.name)),
           coalesce(st_setsrid(st_makepoint(r.lon, r.lat), 4326), st_pointonsurface(st_force2d(a.geom))),
           r.model, r.origin_id, r.content, r.analysis, r.advice, $3, coalesce(r.happened_at, now()), $4
      from jsonb_to_record($2::jsonb) as r (
        name text, type text, level smallint, asset_id int, area_id int, address text, lon float8, lat float8, model text,
        origin_id bigint, content text, analysis text, advice text, happened_at timestamptz
      )
      left join asset a on a.city_id = $1 and a.asset_id = r.asset_id and a.valid_to_at is null
      left join asset district on district.city_id = $1 and district.asset_id = a.area_id and district.valid_to_at is null
    returning warning_id
), logged as (
    insert into warning_event (city_id, warning_id, event, seat, note)
    select $1, warning_id, 'issued', $4, '' from issued
)
select warning_id from issued
