-- new codes get the next ids of their register in sorted order; ids are never given twice, as rows are never deleted
create temporary table register_new on commit drop as
select s.layer_no, s.row_no, s.kind, s.code, s.name, s.source_key, s.geom, s.attributes, s.sha256,
       coalesce(
           r.row_id,
           (coalesce(top.row_id, 0) + row_number() over (partition by s.kind, r.row_id is null order by s.code))::int
       ) as row_id,
       case when r.row_id is null then 'new' when r.row_sha256 = s.sha256 then 'unchanged' else 'changed' end as status
  from (
        select *, sha256(
                 convert_to(name || E'\x1f' || source_key || E'\x1f' || attributes::text || E'\x1f', 'UTF8')
                 || coalesce(geom::bytea, ''::bytea)
               ) as sha256
          from register_stage
       ) s
  left join register_row r on r.city_id = %(city_id)s and r.kind = s.kind and r.code = s.code
  left join (select kind, max(row_id) as row_id from register_row where city_id = %(city_id)s group by kind) top
    on top.kind = s.kind
