-- points of these identification codes ($5) or point codes ($6), and whether the scope holds them; the newest version of a
-- retired asset still says whose it was
select p.bsm, p.point_code as code, coalesce({scope:a}, false) as visible
from measuring_point p
left join lateral (
    select * from asset v where v.city_id = p.city_id and v.asset_id = p.asset_id order by v.version desc limit 1
) a on true
where p.city_id = $1 and (p.bsm = any($5::text[]) or p.point_code = any($6::text[]))
