-- a delivery that brings what an edit had made: from now on it is what was delivered
update asset a
   set delivered_sha256 = null
  from import_row r
 where a.city_id = %(city_id)s
   and a.asset_id = r.asset_id
   and a.valid_to_at is null
   and a.delivered_sha256 is not null
   and a.row_sha256 = r.sha256
