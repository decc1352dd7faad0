update asset a
   set valid_to_at = $2::timestamptz,
       ended_by = $3::int
  from archive_row r
 where a.city_id = $1::smallint
   and a.asset_id = r.asset_id
   and a.valid_to_at is null
