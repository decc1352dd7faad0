-- codes that name no current asset of their kind ($2 kinds, $3 codes, parallel)
select w.place - 1 as place
  from unnest($2::text[], $3::text[]) with ordinality as w (kind, code, place)
 where not exists (
        select 1 from asset a
         where a.city_id = $1::smallint and a.kind = w.kind and a.code = w.code and a.valid_to_at is null
       )
 order by w.place
