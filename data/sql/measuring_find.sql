-- devices in use at the points of the codes $5, or of these codes themselves, with the source whose frames hold their values
select d.point_bsm, d.bsm, d.item, d.point, s.code as source, f.code as schema_code, f.version as schema_version,
    jsonb_array_length(f.points) = 1 as single,
    (select e ->> 'unit' from jsonb_array_elements(f.points) e where e ->> 'name' = d.point) as unit
from measuring_device d
join measuring_point p on p.city_id = d.city_id and p.bsm = d.point_bsm
join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id and a.valid_to_at is null
join source s on s.city_id = d.city_id and s.source_id = d.source_id
join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
where {scope:a} and d.item is not null and d.state <> '报废'
  and (d.point_bsm = any($5::text[]) or d.bsm = any($5::text[]))
