-- $2 companies of the seat (null = all), $3 no districts, $4 sees every city, $5 sees the whole city
select city_id, company_id, channel, sender, topic, reason, detail, size, first_bytes, refused_at
  from intake_refusal
 where (city_id = $1 and $3::boolean and ($5::boolean or company_id = any($2::int[])))
    or (city_id is null and $4::boolean)
 order by refusal_id desc
 limit $6
