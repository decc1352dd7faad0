select
    p.bsm, p.facility_type, p.facility_name, p.street, p.point_type, p.point_code, p.name, p.position, p.elevation,
    p.elevation_datum, p.asset_id, a.kind as asset_kind, a.code as asset_code, p.boundary, p.seat, p.changed_at,
    case when $9::double precision is null then st_x(p.geom)
         else st_x(st_snaptogrid(p.geom, 0, 0, $9, $10::double precision)) end as lon,
    case when $9::double precision is null then st_y(p.geom)
         else st_y(st_snaptogrid(p.geom, 0, 0, $9, $10::double precision)) end as lat,
    (select count(*) from measuring_device d where d.city_id = p.city_id and d.point_bsm = p.bsm) as devices
from measuring_point p
join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id
where {part:measuring_points_asked}
order by p.bsm
limit $11 offset $12
