select min(i.asset_id)
  from unnest($1::int[]) as i (asset_id)
 where not exists (select 1 from archive_row r where r.asset_id = i.asset_id)
