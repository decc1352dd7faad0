-- segments of pipes as they were drawn and as they will be; a pipe outside the heat network is its own segment
select coalesce(array_agg(p.segment_id), '{}') as segment_ids
  from (
        select coalesce(t.segment_id, t.asset_id) as segment_id
          from tile_pipe t
         where t.city_id = %(city_id)s::smallint and t.asset_id = any(%(asset_ids)s::int[])
         union
        select coalesce(s.segment_id, s.asset_id)
          from staged_tile_pipe s
       ) p
