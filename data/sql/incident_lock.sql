-- one visible incident, held until the transaction ends
select i.state, i.merged_into, i.dismissed, i.restored_at
  from incident i
 where i.city_id = $1
   and i.incident_id = $5
   and exists (
        select 1
          from incident_alarm m
          join alarm l on l.city_id = m.city_id and l.alarm_id = m.alarm_id
          join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
         where m.city_id = $1 and m.incident_id = $5 and {scope:a}
       )
   for update of i
