-- $5 area, $6 company (NULL = all): pipes of the heat network that are not return pipes, alike in what the tables ask
select p.side, p.network_class, p.laying, p.material, p.dn, p.since_year, p.renewed_year,
       count(*) as pipe_count,
       sum(p.length_m) as length_m,
       count(p.stated_length_m) as stated_count,
       coalesce(sum(p.stated_length_m), 0) as stated_m,
       coalesce(sum(p.length_m) filter (where p.stated_length_m is not null), 0) as stated_measured_m
  from tile_pipe p
 where {scope:p=pipe}
   and p.medium = 1
   and p.side <> 2
   and ($5::int is null or p.area_id = $5::int)
   and ($6::int is null or p.company_id = $6::int)
 group by p.side, p.network_class, p.laying, p.material, p.dn, p.since_year, p.renewed_year
