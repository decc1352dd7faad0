-- touched assets that a Scope does not hold, as they were or as they shall be; what nobody owns is nobody's to change but the city's
select r.asset_id, r.kind, r.code
  from archive_row r
 where ($1::text[] is not null and r.kind <> all($1::text[]))
    or ($2::int[] is not null
        and not coalesce(r.old_area_id = any($2::int[]) and (r.retire or r.area_id = any($2::int[])), false))
    or ($3::int[] is not null
        and not coalesce(r.old_company_id = any($3::int[]) and (r.retire or r.company_id = any($3::int[])), false))
 order by r.asset_id
 limit 10
