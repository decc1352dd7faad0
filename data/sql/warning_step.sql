with changed as (
    update warning
       set state = $3,
           handled_at = case when $3 = '02' then now() else handled_at end,
           handled_by = case when $3 = '02' then $4 else handled_by end,
           lifted_at = case when $3 = '03' then now() end,
           lifted_by = case when $3 = '03' then $4 end
     where city_id = $1 and warning_id = $2
    returning warning_id
)
insert into warning_event (city_id, warning_id, event, seat, note)
select $1, warning_id, case $3 when '02' then 'handling' else 'lifted' end, $4, $5 from changed
