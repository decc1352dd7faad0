-- devices in use that measure one of these items ($3) at these points ($2); those of the codes $4 are about to change
select d.point_bsm, d.item, d.device_code
from measuring_device d
join unnest($2::text[], $3::text[]) as w (point_bsm, item) on w.point_bsm = d.point_bsm and w.item = d.item
where d.city_id = $1 and d.state <> '报废' and d.bsm <> all($4::text[])
