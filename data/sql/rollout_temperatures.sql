-- hourly means of a local day ($5) by group; $6: device type or NULL, $7: device types or NULL, $8: district or NULL, $9: types of that energy
select h.hour_at,
       sum(h.room_degc) filter (where h.household_group = 'retrofitted')
           / nullif(sum(h.room_count) filter (where h.household_group = 'retrofitted'), 0) as monitored_degc,
       sum(h.room_degc) filter (where h.household_group = 'control')
           / nullif(sum(h.room_count) filter (where h.household_group = 'control'), 0) as control_degc,
       sum(h.room_degc) filter (where h.household_group = 'insulated')
           / nullif(sum(h.room_count) filter (where h.household_group = 'insulated'), 0) as insulated_degc,
       sum(h.room_degc) filter (where h.household_group = 'outdoor')
           / nullif(sum(h.room_count) filter (where h.household_group = 'outdoor'), 0) as outdoor_degc
  from rollout_hour h
  join city c using (city_id)
 where h.city_id = $1
   and ($2::text[] is null or 'rollout' = any($2::text[]))
   and ($3::int[] is null or h.district_id = any($3::int[]) or h.household_group = 'outdoor')
   and $4::int[] is not distinct from $4::int[]
   and h.hour_at >= ($5::date::timestamp at time zone c.zone)
   and h.hour_at < (($5::date + 1)::timestamp at time zone c.zone)
   and (h.household_group = 'outdoor'
        or (($6::text is null or h.device_type = $6::text)
            and ($7::text[] is null or h.device_type = any($7::text[]))
            and ($8::int is null or h.district_id = $8::int)))
 group by h.hour_at
 order by h.hour_at
