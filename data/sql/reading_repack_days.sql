-- the daily partitions, with what the last repack noted of each, and whether one was broken off
select c.relname, obj_description(c.oid, 'pg_class'), pg_relation_size(c.oid),
       to_regclass(replace(c.relname, 'reading_frame', 'reading_late')) is not null
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
 where i.inhparent = 'reading_frame'::regclass
 order by c.relname
