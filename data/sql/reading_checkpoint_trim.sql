-- parts of schemas that are gone, and those beyond the number of parts that a schema has now
delete from latest_checkpoint l
where l.city_id = $1
  and not exists (
      select 1
      from unnest($2::int[], $3::int[]) as wanted (schema_id, parts)
      where wanted.schema_id = l.schema_id and l.part < wanted.parts
  )
