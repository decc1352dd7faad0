select r.kind, count(*) as rows
  from register_row r
 where {scope:r}
 group by r.kind
