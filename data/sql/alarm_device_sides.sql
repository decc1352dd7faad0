-- which points have thresholds of devices, on which side and of which level
select distinct f.code as schema_code, d.point, side.word as side, side.level
  from measuring_threshold t
  join measuring_device d on d.city_id = t.city_id and d.bsm = t.device_bsm
  join source s on s.city_id = d.city_id and s.source_id = d.source_id
  join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
 cross join lateral (values
        ('below', 1, t.level_1_below), ('above', 1, t.level_1_above), ('below', 2, t.level_2_below),
        ('above', 2, t.level_2_above), ('below', 3, t.level_3_below), ('above', 3, t.level_3_above)
       ) as side (word, level, limit_value)
 where t.city_id = $1
   and side.limit_value is not null
 order by 1, 2, 3, 4
