-- an asset as its version $3 was, whether it is current or retired
insert into archive_row
select last.asset_id, last.version, last.valid_to_at is null, false, v.kind, v.code, v.name, v.source_key, v.geom, v.attributes,
       last.row_sha256, coalesce(last.delivered_sha256, last.row_sha256), null,
       v.company_id, v.area_id, v.pair_id, last.company_id, last.area_id, last.attributes ->> 'pair_code',
       v.geom is not null, v.attributes ? 'company_code'
  from asset v
  join asset last
    on last.city_id = v.city_id and last.asset_id = v.asset_id
   and last.version = (select max(m.version) from asset m where m.city_id = v.city_id and m.asset_id = v.asset_id)
 where v.city_id = $1::smallint
   and v.asset_id = $2::int
   and v.version = $3::int
