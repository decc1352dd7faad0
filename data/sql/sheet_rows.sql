select r.code, r.name, r.asset_id, r.area_id, r.attributes, st_x(r.geom) as lon, st_y(r.geom) as lat
  from register_row r
 where r.city_id = %(city_id)s and r.kind = %(kind)s and r.code = any(%(codes)s::text[])
