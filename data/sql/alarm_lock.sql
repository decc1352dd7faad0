-- the states of one visible alarm, held until the transaction ends
select l.active, l.acknowledged, l.confirmed, l.shelved_until, l.suppressed, l.out_of_service, l.false_alarm
  from alarm l
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
 where {scope:a}
   and l.alarm_id = $5
   for update of l
