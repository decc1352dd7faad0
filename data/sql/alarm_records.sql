-- records of device alarms (设备报警) of CJ/T 545 out of the alarms: $5 from, $6 to, $7 only open ones, $8 asset, $9 limit, $10 offset.
-- Where several rules watch the same point at the same time, the highest level is that of all of them
with page as (
    select l.alarm_id, l.asset_id, l.source_id, l.rule_id, l.level, l.value, l.raised_at, l.cleared_at, l.active,
           l.current_value, l.current_at, l.highest_value, l.highest_at
      from alarm l
      join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
     where {scope:a}
       and l.raised_at >= $5::timestamptz
       and l.raised_at < $6::timestamptz
       and (l.active or not $7::boolean)
       and ($8::int is null or l.asset_id = $8)
     order by l.raised_at desc, l.alarm_id desc
     limit $9
    offset $10
)
select p.alarm_id, r.code as alarm_code, r.name_zh as alarm_name, a.asset_id, a.kind as asset_kind, a.code as asset_code,
       a.name as asset_name, s.code as source, r.schema_code, r.point, r.per_h, d.device_code, d.item, d.position as part,
       d.point_bsm, m.facility_type, p.level, p.value as first_value, p.raised_at as first_at,
       coalesce(p.current_value, p.value) as current_value, coalesce(p.current_at, p.raised_at) as current_at,
       coalesce(p.highest_value, p.value) as highest_value, coalesce(p.highest_at, p.raised_at) as highest_at,
       least(p.level, (
            select min(o.level)
              from alarm o
              join alarm_rule same on same.city_id = o.city_id and same.rule_id = o.rule_id and same.point = r.point
             where o.city_id = $1 and o.source_id = p.source_id
               and o.raised_at <= coalesce(p.cleared_at, 'infinity') and coalesce(o.cleared_at, 'infinity') >= p.raised_at
       )) as highest_level,
       p.cleared_at as ended_at, (r.per_h or r.point = 'silence_s') as derived
  from page p
  join alarm_rule r on r.city_id = $1 and r.rule_id = p.rule_id
  join asset a on a.city_id = $1 and a.asset_id = p.asset_id and a.valid_to_at is null
  left join source s on s.city_id = $1 and s.source_id = p.source_id
  left join lateral (
        select d.device_code, d.item, d.position, d.point_bsm
          from measuring_device d
         where d.city_id = $1 and d.source_id = p.source_id and d.point = r.point
         order by d.bsm
         limit 1
       ) d on true
  left join measuring_point m on m.city_id = $1 and m.bsm = d.point_bsm
 order by p.raised_at desc, p.alarm_id desc
