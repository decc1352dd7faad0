delete from zone_pipe
 where city_id = %(city_id)s
   and (source_id = %(source_id)s or asset_id = any(%(asset_ids)s))
