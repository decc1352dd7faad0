-- districts that hold buildings; $5 bits of the kinds whose area covers, $6 and $7 limit and offset of the ids
with building as (
    select a.area_id, count(*) as building_count
      from asset a
     where {scope:a=building} and a.kind = 'building' and a.valid_to_at is null
     group by a.area_id
), heated as (
    select b.area_id,
           count(*) as heated_count,
           sum(b.heated_area_m2) as heated_area_m2,
           count(*) filter (where b.inside & $5::int <> 0) as covered_count,
           coalesce(sum(b.heated_area_m2) filter (where b.inside & $5::int <> 0), 0) as covered_area_m2,
           count(*) filter (where b.evidence = 0) as unconnected_count,
           coalesce(sum(b.heated_area_m2) filter (where b.evidence = 0), 0) as unconnected_area_m2,
           coalesce((array_agg(b.asset_id order by b.asset_id) filter (where b.inside & $5::int = 0))
                    [$7::int + 1 : $7::int + $6::int], '{}') as uncovered_ids,
           coalesce((array_agg(b.asset_id order by b.asset_id) filter (where b.evidence = 0))
                    [$7::int + 1 : $7::int + $6::int], '{}') as unconnected_ids
      from served_building b
     where {scope:b=building}
     group by b.area_id
)
select d.asset_id, d.kind, d.code, d.name, st_area(d.geom::geography) as area_m2,
       coalesce(building.building_count, 0) as building_count, coalesce(h.heated_count, 0) as heated_count,
       coalesce(h.heated_area_m2, 0) as heated_area_m2, coalesce(h.covered_count, 0) as covered_count,
       coalesce(h.covered_area_m2, 0) as covered_area_m2, coalesce(h.unconnected_count, 0) as unconnected_count,
       coalesce(h.unconnected_area_m2, 0) as unconnected_area_m2,
       coalesce(h.uncovered_ids, '{}') as uncovered_ids, coalesce(h.unconnected_ids, '{}') as unconnected_ids
  from building
  left join heated h on coalesce(h.area_id, 0) = coalesce(building.area_id, 0)
  left join asset d on d.city_id = $1 and d.asset_id = building.area_id and d.valid_to_at is null
 order by d.asset_id nulls last
