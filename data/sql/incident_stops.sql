-- faults that began within a period, with the buildings of the answer that stopped the most heat, or that a person has given
select i.incident_id, i.started_at, case when i.restored_at <= $4::timestamptz then i.restored_at end as restored_at, i.heated_area_m2,
       n.building_ids, n.building_area_m2
  from incident i
  join lateral (
        select building_ids, building_area_m2
          from incident_answer a
         where a.city_id = i.city_id and a.incident_id = i.incident_id
         order by i.fixed and a.seat <> 'rules' desc, (select coalesce(sum(area), 0) from unnest(a.building_area_m2) as area) desc, a.version desc
         limit 1
       ) n on true
 where i.city_id = $1
   and i.started_at >= $2
   and i.started_at < $3
   and not i.drill
   and not i.dismissed
   and i.merged_into is null
 order by i.started_at
