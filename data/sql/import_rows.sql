-- a row is compared with what was last delivered, not with what an edit made of it: the same delivery again leaves edits alone;
-- `overrides` marks rows whose delivery has changed since an edit, or since the asset was retired
create temporary table import_row on commit drop as
select s.layer_no, s.row_no, k.asset_id, s.kind, s.code, s.name, s.source_key, s.geom, s.attributes, s.sha256,
       coalesce(a.version, gone.version, 0) as old_version,
       case when a.version is null and gone.version is null then 'new'
            when s.sha256 in (a.row_sha256, coalesce(a.delivered_sha256, gone.delivered_sha256)) then 'unchanged'
            else 'changed' end as status,
       a.delivered_sha256 is not null or gone.version is not null as overrides
  from (
        select *, sha256(
                 convert_to(name || E'\x1f' || source_key || E'\x1f' || attributes::text || E'\x1f', 'UTF8')
                 || coalesce(geom::bytea, ''::bytea)
               ) as sha256
          from import_stage
       ) s
  join asset_key k on k.city_id = %(city_id)s and k.kind = s.kind and k.code = s.code
  left join asset a on a.city_id = %(city_id)s and a.asset_id = k.asset_id and a.valid_to_at is null
  left join (
        -- retired assets: their last version
        select distinct on (p.asset_id) p.asset_id, p.version, coalesce(p.delivered_sha256, p.row_sha256) as delivered_sha256
          from asset p
         where p.city_id = %(city_id)s
           and p.valid_to_at is not null
           and not exists (
                select 1 from asset c where c.city_id = p.city_id and c.asset_id = p.asset_id and c.valid_to_at is null
               )
         order by p.asset_id, p.version desc
       ) gone on gone.asset_id = k.asset_id
