-- a unified code belongs to one asset of the deployment: one that another staged row or a stored asset of any city has is left out
with coded as (
    select s.ctid as place, s.layer_no, s.row_no, s.kind, s.code, s.attributes ->> 'unified_code' as unified_code,
           row_number() over (partition by s.attributes ->> 'unified_code' order by s.layer_no, s.row_no) as number
      from import_stage s
     where s.attributes ->> 'unified_code' is not null
), gone as (
    update import_stage s
       set attributes = s.attributes - 'unified_code' - 'unified_code_state'
      from coded c
     where s.ctid = c.place
       and (c.number > 1
            or exists (
                select 1
                  from asset a
                 where a.attributes ->> 'unified_code' = c.unified_code
                   and a.valid_to_at is null
                   and (a.city_id, a.kind, a.code) <> (%(city_id)s, c.kind, c.code)
                   -- an asset that comes again in this delivery counts by what it brings now
                   and not (a.city_id = %(city_id)s
                            and exists (select 1 from import_stage n where n.kind = a.kind and n.code = a.code))
               ))
 returning s.layer_no, s.row_no, c.unified_code
)
select layer_no, row_no, 'unified_code = ' || unified_code from gone order by layer_no, row_no
