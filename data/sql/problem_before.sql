-- what the assets of a repair were before the change that made it, and what they must still be to take it back
select a.asset_id, max(a.version) filter (where a.change_id = $2::int or a.ended_by = $2::int) as touched,
       max(a.version) filter (where a.ended_by = $2::int) as before, max(a.version) as last
  from asset a
 where a.city_id = $1
   and a.asset_id = any($3::int[])
 group by a.asset_id
having bool_or(a.change_id = $2::int or a.ended_by = $2::int)
