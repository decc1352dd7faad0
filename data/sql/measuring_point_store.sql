insert into measuring_point (
    city_id, bsm, facility_type, facility_name, street, point_type, point_code, name, position, elevation, elevation_datum,
    geom, asset_id, boundary, seat, changed_at
)
select
    $1, w.bsm, w.facility_type, w.facility_name, w.street, w.point_type, w.point_code, w.name, w.position, w.elevation,
    w.elevation_datum,
    coalesce(
        st_setsrid(st_makepoint(w.lon, w.lat), 4326),
        (select case when st_dimension(a.geom) = 0 then st_force2d(st_centroid(a.geom)) else st_force2d(st_pointonsurface(a.geom)) end
         from asset a
         where a.city_id = $1 and a.asset_id = w.asset_id and a.valid_to_at is null)
    ),
    w.asset_id, w.boundary, $3, now()
from jsonb_to_recordset($2::jsonb) as w (
    bsm text, facility_type text, facility_name text, street text, point_type text, point_code text, name text, position text,
    elevation text, elevation_datum text, lon double precision, lat double precision, asset_id int, boundary text
)
on conflict (city_id, bsm) do update
set facility_type = excluded.facility_type, facility_name = excluded.facility_name, street = excluded.street,
    point_type = excluded.point_type, point_code = excluded.point_code, name = excluded.name, position = excluded.position,
    elevation = excluded.elevation, elevation_datum = excluded.elevation_datum, geom = excluded.geom,
    asset_id = excluded.asset_id, boundary = excluded.boundary, seat = excluded.seat, changed_at = excluded.changed_at
