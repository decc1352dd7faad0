-- $2: list of {asset_id, name, attributes, geom (hexadecimal EWKB), retire}; null = as it is, a null attribute is removed
insert into archive_row
select a.asset_id, a.version, true, e.retire, a.kind, a.code, coalesce(e.name, a.name), a.source_key,
       coalesce(e.geom::geometry, a.geom), n.attributes, a.row_sha256, coalesce(a.delivered_sha256, a.row_sha256), null,
       a.company_id, a.area_id, a.pair_id, a.company_id, a.area_id, a.attributes ->> 'pair_code',
       e.geom is not null, a.attributes -> 'company_code' is distinct from n.attributes -> 'company_code'
  from jsonb_to_recordset($2::text::jsonb) as e (asset_id int, name text, attributes jsonb, geom text, retire boolean)
  join asset a on a.city_id = $1::smallint and a.asset_id = e.asset_id and a.valid_to_at is null
 cross join lateral (
       select (a.attributes || e.attributes)
              - array(select p.key from jsonb_each(e.attributes) p where p.value = 'null'::jsonb) as attributes
       ) n
