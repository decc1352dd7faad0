-- rows of every table of ours by city; a table of no city, or an empty one, has one line without city
select t.relname, r.city_id, coalesce(r.rows, 0)
  from pg_class t
  join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
  left join lateral xmltable(
         '/table/row'
         passing query_to_xml(
           format(
             'select %%s as city_id, count(*) as rows from public.%%I group by 1',
             case when exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'city_id' and not a.attisdropped)
                  then 'city_id' else 'null::int' end,
             t.relname
           ),
           false, false, ''
         )
         columns city_id int path 'city_id', rows bigint path 'rows'
       ) r on true
 where t.relkind in ('r', 'p')
   and not t.relispartition
   and not t.relname like any (%(left_out)s::text[])
   and not exists (
         select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = t.oid and d.deptype = 'e'
       )
 order by 1, 2
