-- devices of these identification codes ($5) or device codes ($6), and whether the scope holds them
select d.bsm, d.device_code as code, coalesce({scope:a}, false) as visible
from measuring_device d
left join measuring_point p on p.city_id = d.city_id and p.bsm = d.point_bsm
left join lateral (
    select * from asset v where v.city_id = p.city_id and v.asset_id = p.asset_id order by v.version desc limit 1
) a on true
where d.city_id = $1 and (d.bsm = any($5::text[]) or d.device_code = any($6::text[]))
