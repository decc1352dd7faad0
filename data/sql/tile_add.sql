-- staged rows that are not there; in the order of the geometry, which PostGIS sorts along a Hilbert curve: neighbours share pages
insert into {table}
select s.*
  from staged_{table} s
 where not exists (select from {table} t where t.city_id = s.city_id and t.asset_id = s.asset_id)
 order by {order}
