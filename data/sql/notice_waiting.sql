-- steps with alarms whose time has come, and the messages of the last ten minutes of each
select w.subscription_id, w.step, w.since,
       array(select n.made_at
               from notice n
              where n.city_id = $1 and n.subscription_id = w.subscription_id and n.step = w.step
                and n.made_at > $2::timestamptz - interval '10 minutes'
              order by n.made_at, n.notice_id) as made_at,
       array(select cardinality(n.alarms)
               from notice n
              where n.city_id = $1 and n.subscription_id = w.subscription_id and n.step = w.step
                and n.made_at > $2::timestamptz - interval '10 minutes'
              order by n.made_at, n.notice_id) as counts
  from (select subscription_id, step, min(due_at) as since
          from notice_item
         where city_id = $1 and notice_id is null and dropped is null and due_at <= $2
         group by subscription_id, step) w
 order by w.subscription_id, w.step
