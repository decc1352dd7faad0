-- the last version of an asset that the caller may see, current or not, with the change that ended it
select a.version, a.kind, a.code, a.valid_to_at, c.change_id, c.seat, c.made_at, c.reason
  from asset a
  left join archive_change c on c.city_id = a.city_id and c.change_id = a.ended_by
 where {scope:a}
   and a.asset_id = $5::int
 order by a.version desc
 limit 1
