-- rows that are no more, or not any more as they are; `asset_ids`: look at these only, null = at all
delete from {table} t
 where t.city_id = %(city_id)s::smallint
   and (%(asset_ids)s::int[] is null or t.asset_id = any(%(asset_ids)s::int[]))
   and not exists (select from staged_{table} s where s.city_id = t.city_id and s.asset_id = t.asset_id and s.* is not distinct from t.*)
