-- every open alarm of a city, whoever may see it: what alarms share is sought on the whole network, and the answer is filtered
select asset_id, min(raised_at) as raised_at
  from alarm
 where city_id = $1
   and active
 group by asset_id
 order by asset_id
