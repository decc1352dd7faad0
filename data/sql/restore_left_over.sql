-- databases that killed restores left: nobody is connected, and the lock says that no other restore runs
select d.datname
  from pg_database d
 where starts_with(d.datname, %(prefix)s)
   and not exists (select from pg_stat_activity a where a.datname = d.datname)
