-- incidents as they were at $5, as far as a seat sees one of their alarms: $6 one of them, $7 states, $8 level, $9 area, $10 company,
-- $11 kind of an alarmed asset, $12 hypothesis, $13 and $14 begun from and before, $15 drill, $16 limit, $17 offset
select i.incident_id, s.state, i.drill, i.dismissed, i.fixed, i.started_at, i.merged_into,
       case when s.state in ('restored', 'closed') then i.restored_at end as restored_at,
       case when s.state = 'closed' then i.closed_at end as closed_at,
       opened.happened_at as opened_at, taken.seat as taken_by, taken.happened_at as taken_at,
       ans.version, ans.answered_at, ans.seat as answered_by, ans.kind, ans.hypothesis, ans.segment_ids, ans.tied_ids,
       ans.asset_ids, ans.silent_below, ans.lon, ans.lat, ans.length_m, ans.explained, ans.hit_rate, ans.score, ans.confidence,
       ans.prepared, ans.network_version, ans.valve_version, ans.station_ids, ans.building_ids, ans.building_area_m2,
       ans.building_users, ans.building_load_mw, ans.estates, ans.leak,
       c.alarms, c.open_alarms, c.outside, c.level, c.unacknowledged, c.rule_code, c.rule_name_zh, c.rule_name_en,
       count(*) over () as total
  from incident i
  join lateral (
        select g.state from incident_log g
         where g.city_id = i.city_id and g.incident_id = i.incident_id and g.happened_at <= $5::timestamptz
         order by g.log_id desc
         limit 1
       ) s on true
  join lateral (
        select min(g.happened_at) as happened_at from incident_log g
         where g.city_id = i.city_id and g.incident_id = i.incident_id
       ) opened on true
  left join lateral (
        select g.seat, g.happened_at from incident_log g
         where g.city_id = i.city_id and g.incident_id = i.incident_id and g.word = 'taken' and g.happened_at <= $5::timestamptz
         order by g.log_id desc
         limit 1
       ) taken on true
  join lateral (
        select * from incident_answer n
         where n.city_id = i.city_id and n.incident_id = i.incident_id and n.answered_at <= $5::timestamptz
         order by n.version desc
         limit 1
       ) ans on true
 cross join lateral (
        select count(*) filter (where {scope:a} and h.held) as alarms,
               count(*) filter (where {scope:a} and h.held and h.rings) as open_alarms,
               count(*) filter (where not {scope:a} and h.held) as outside,
               count(*) filter (where {scope:a} and h.held and h.rings and not h.acknowledged) as unacknowledged,
               coalesce(min(h.level) filter (where {scope:a} and h.held and h.rings), min(h.level) filter (where {scope:a})) as level,
               mode() within group (order by h.rule_code) as rule_code,
               mode() within group (order by h.rule_name_zh) as rule_name_zh,
               mode() within group (order by h.rule_name_en) as rule_name_en,
               coalesce(bool_or({scope:a}
                   and ($9::int is null or a.area_id = $9)
                   and ($10::int is null or a.company_id = $10)
                   and ($11::text is null or a.kind = $11)), false) as fits
          from (
                select l.asset_id, l.level, l.acknowledged, r.code as rule_code, r.name_zh as rule_name_zh, r.name_en as rule_name_en,
                       m.until_at is null or m.until_at > $5::timestamptz as held,
                       l.cleared_at is null or l.cleared_at > $5::timestamptz as rings
                  from incident_alarm m
                  join alarm l on l.city_id = m.city_id and l.alarm_id = m.alarm_id
                  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
                 where m.city_id = i.city_id and m.incident_id = i.incident_id and m.since_at <= $5::timestamptz
               ) h
          join asset a on a.city_id = i.city_id and a.asset_id = h.asset_id and a.valid_to_at is null
       ) c
 where i.city_id = $1
   and c.fits
   and ($6::bigint is null or i.incident_id = $6)
   and ($7::text[] is null or s.state = any($7::text[]))
   and ($8::int is null or c.level = $8)
   and ($12::text is null or ans.hypothesis = $12)
   and ($13::timestamptz is null or i.started_at >= $13)
   and ($14::timestamptz is null or i.started_at < $14)
   and ($15::boolean is null or i.drill = $15)
   and ($6::bigint is not null or i.merged_into is null or s.state <> 'closed')
 order by s.state = 'closed', s.state = 'restored', c.level, i.started_at desc, i.incident_id desc
 limit $16
offset $17
