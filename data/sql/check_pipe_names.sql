-- what a pipe is called: 1 supply, 2 return
select asset_id, case when name ~* '回水|return' then 2 else 1 end
  from asset
 where city_id = %(city_id)s
   and valid_to_at is null
   and asset_id = any(%(ids)s)
   and name ~* '供水|回水|supply|return'
   and not (name ~* '供水|supply' and name ~* '回水|return')
