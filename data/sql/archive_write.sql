-- the hash of the delivery travels with the edits, so that the same delivery again is known as such
insert into asset (
    city_id, asset_id, version, kind, code, name, source_key, company_id, area_id, pair_id, geom, attributes, row_sha256,
    valid_from_at, change_id, delivered_sha256
)
select $1::smallint, r.asset_id, r.last_version + 1, r.kind, r.code, r.name, r.source_key, r.company_id, r.area_id,
       case when r.old_pair_code is null or r.attributes ? 'pair_code' then r.pair_id end,
       r.geom, r.attributes, r.row_sha256, $2::timestamptz, $3::int, nullif(r.delivered_sha256, r.row_sha256)
  from archive_row r
 where not r.retire
 order by r.asset_id
