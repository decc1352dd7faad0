-- a frame whose key is taken by other values is kept aside, once
insert into reading_conflict (city_id, source_id, observed_at, schema_id, payload)
select %(city_id)s, %(source_id)s, %(observed_at)s, %(schema_id)s, %(payload)s
 where not exists (
       select from reading_conflict
        where city_id = %(city_id)s and source_id = %(source_id)s and observed_at = %(observed_at)s
          and schema_id = %(schema_id)s and payload = %(payload)s
       )
