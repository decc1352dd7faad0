select d.device_code, d.bsm
  from measuring_device d
  join measuring_point p on p.city_id = d.city_id and p.bsm = d.point_bsm
  join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id
 where {scope:a} and a.valid_to_at is null and d.device_code = any($5::text[])
