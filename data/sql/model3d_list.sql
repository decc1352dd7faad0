-- $2: one name, or NULL for all
select name, title, kind, folder, file, sha256, bounds, facts::text as facts, wish::text as wish, attribution, licence, seat, added_at
  from model3d
 where city_id = $1 and ($2::text is null or name = $2::text)
 order by name
