insert into staged_pipe_fact (city_id, asset_id, segment_id, network_class, source_id, criticality)
select %(city_id)s::smallint, asset_id, s.segment_id, c.network_class, f.source_id, r.criticality
  from unnest(%(segment_assets)s::int[], %(segment_ids)s::int[]) as s (asset_id, segment_id)
  full join unnest(%(class_assets)s::int[], %(classes)s::smallint[]) as c (asset_id, network_class) using (asset_id)
  full join unnest(%(fed_assets)s::int[], %(source_ids)s::int[]) as f (asset_id, source_id) using (asset_id)
  full join unnest(%(rated_assets)s::int[], %(criticalities)s::smallint[]) as r (asset_id, criticality) using (asset_id)
