insert into notice_item (city_id, subscription_id, alarm_id, step, level, due_at)
select $1, i.subscription_id, i.alarm_id, i.step, i.level, i.due_at
  from unnest($2::int[], $3::bigint[], $4::smallint[], $5::smallint[], $6::timestamptz[])
    as i (subscription_id, alarm_id, step, level, due_at)
    on conflict do nothing
