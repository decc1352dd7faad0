select asset_id, running
  from source_state
 where city_id = %(city_id)s
