select min(city_id)
  from city
 where ($1::int is null or city_id = $1::int)
   and ($2::int[] is null or city_id = any($2::int[]))
