create temporary table import_row on commit drop as
select s.layer_no, s.row_no, k.asset_id, s.kind, s.code, s.name, s.source_key, s.geom, s.attributes, s.sha256,
       coalesce(a.version, 0) as old_version,
       case when a.version is null then 'new' when a.row_sha256 = s.sha256 then 'unchanged' else 'changed' end as status
  from (
        select *, sha256(
                 convert_to(name || E'\x1f' || source_key || E'\x1f' || attributes::text || E'\x1f', 'UTF8')
                 || coalesce(geom::bytea, ''::bytea)
               ) as sha256
          from import_stage
       ) s
  join asset_key k on k.city_id = %(city_id)s and k.kind = s.kind and k.code = s.code
  left join asset a on a.city_id = %(city_id)s and a.asset_id = k.asset_id and a.valid_to_at is null
