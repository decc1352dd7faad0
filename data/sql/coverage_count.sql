-- objects by state; $5 kind of what the area is of
select c.state, count(*) as object_count
  from coverage c
 where {scope:c} and c.of_kind = $5::text
 group by c.state
