-- staged assets that are at another version than the one seen ($2 ids, $3 versions), with the change that made it so
select r.asset_id, r.kind, r.code, r.last_version as version, s.version as seen, c.seat, c.made_at, c.reason
  from unnest($2::int[], $3::int[]) as s (asset_id, version)
  join archive_row r on r.asset_id = s.asset_id and r.last_version <> s.version
  join asset a on a.city_id = $1::smallint and a.asset_id = r.asset_id and a.version = r.last_version
  left join archive_change c on c.city_id = a.city_id and c.change_id = coalesce(a.ended_by, a.change_id)
 order by r.asset_id
