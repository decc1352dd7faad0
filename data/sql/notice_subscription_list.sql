select n.subscription_id, n.seat_id, n.definition, n.seat, n.changed_at, coalesce(p.name, '') as person
  from notice_subscription n
  left join seat s using (seat_id)
  left join person p using (person_id)
 where n.city_id = $1
   and ($2::int is null or n.seat_id = $2::int)
   and ($3::int is null or n.subscription_id = $3::int)
 order by n.subscription_id
