-- thresholds of these identification codes ($5) or devices ($6), and whether the scope holds them
select t.bsm, t.device_bsm as code, coalesce({scope:a}, false) as visible
from measuring_threshold t
left join measuring_device d on d.city_id = t.city_id and d.bsm = t.device_bsm
left join measuring_point p on p.city_id = d.city_id and p.bsm = d.point_bsm
left join lateral (
    select * from asset v where v.city_id = p.city_id and v.asset_id = p.asset_id order by v.version desc limit 1
) a on true
where t.city_id = $1 and (t.bsm = any($5::text[]) or t.device_bsm = any($6::text[]))
