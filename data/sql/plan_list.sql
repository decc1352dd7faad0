-- plans all of whose assets and valves the caller sees (also retired ones, by their last version), the earliest first
select p.plan_id, p.version, p.title, p.asset_ids, p.planned_from_at, p.planned_to_at, p.crew, p.note, p.state, p.seat, p.made_at,
       p.network_version, p.valve_version, p.lost, p.lost_ids, count(*) over () as total
  from plan p
 where p.city_id = $1
   and ($5::text[] is null or p.state = any($5::text[]))
   and ($6::timestamptz is null or p.planned_to_at > $6::timestamptz)
   and ($7::timestamptz is null or p.planned_from_at < $7::timestamptz)
   and ($8::int is null or p.plan_id = $8::int)
   and not exists (
       select 1
         from (select unnest(p.asset_ids) as asset_id
               union
               select v.asset_id from plan_valve v where v.city_id = p.city_id and v.plan_id = p.plan_id) i
        where not exists (
              select 1
                from asset a
               where {scope:a}
                 and a.asset_id = i.asset_id
                 and a.version = (select max(m.version) from asset m where m.city_id = a.city_id and m.asset_id = a.asset_id)
              )
       )
 order by p.planned_from_at, p.plan_id
 limit $9 offset $10
