-- alarms of one step whose time has come, as a scope sees them; acknowledged, over and quiet as they are now
select i.alarm_id, i.level,
       a.asset_id is not null as visible,
       coalesce(l.active, false) as active, coalesce(l.acknowledged, false) as acknowledged,
       coalesce(l.suppressed or l.out_of_service or l.shelved_until > $7::timestamptz, false) as quiet
  from notice_item i
  left join alarm l on l.city_id = i.city_id and l.alarm_id = i.alarm_id
  left join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null and {scope:a}
 where i.city_id = $1
   and i.subscription_id = $5
   and i.step = $6
   and i.notice_id is null and i.dropped is null
   and i.due_at <= $7::timestamptz
 order by i.alarm_id
