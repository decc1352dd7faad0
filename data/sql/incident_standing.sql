-- incidents that are not closed: their cause, and all assets that rang for them
select i.incident_id, i.state, i.peak, i.fixed, i.heated_area_m2, i.started_at, i.restored_at,
       ans.version, ans.explained, ans.prepared, ans.network_version, ans.valve_version, ans.segment_ids, ans.tied_ids,
       ans.asset_ids, ans.kind, ans.hypothesis, ans.answered_at, ans.leak,
       m.assets, m.cleared_lately
  from incident i
  left join lateral (
        select * from incident_answer n
         where n.city_id = i.city_id and n.incident_id = i.incident_id
         order by n.version desc
         limit 1
       ) ans on true
  left join lateral (
        select array_agg(distinct l.asset_id) filter (where j.until_at is null) as assets,
               array_agg(distinct l.asset_id) filter (where j.until_at is null and l.cleared_at > now() - interval '1 hour') as cleared_lately
          from incident_alarm j
          join alarm l on l.city_id = j.city_id and l.alarm_id = j.alarm_id
         where j.city_id = i.city_id and j.incident_id = i.incident_id
       ) m on true
 where i.city_id = $1
   and i.state <> 'closed'
 order by i.incident_id
