-- only facts that differ are written
with fact as materialized (
    select %(city_id)s::smallint as city_id, asset_id, s.segment_id, c.network_class, f.source_id, r.criticality
      from unnest(%(segment_assets)s::int[], %(segment_ids)s::int[]) as s (asset_id, segment_id)
      full join unnest(%(class_assets)s::int[], %(classes)s::smallint[]) as c (asset_id, network_class) using (asset_id)
      full join unnest(%(fed_assets)s::int[], %(source_ids)s::int[]) as f (asset_id, source_id) using (asset_id)
      full join unnest(%(rated_assets)s::int[], %(criticalities)s::smallint[]) as r (asset_id, criticality) using (asset_id)
), gone as (
    delete from pipe_fact p
     where p.city_id = %(city_id)s::smallint and not exists (select from fact f where f.asset_id = p.asset_id)
)
insert into pipe_fact (city_id, asset_id, segment_id, network_class, source_id, criticality)
select f.*
  from fact f
  left join pipe_fact p using (city_id, asset_id)
 where p.asset_id is null
    or (p.segment_id, p.network_class, p.source_id, p.criticality)
       is distinct from (f.segment_id, f.network_class, f.source_id, f.criticality)
    on conflict (city_id, asset_id) do update
   set segment_id = excluded.segment_id, network_class = excluded.network_class, source_id = excluded.source_id,
       criticality = excluded.criticality
