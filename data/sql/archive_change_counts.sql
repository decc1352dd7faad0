-- assets that changes $5 touched, as far as the caller sees them
select t.change_id, t.status, count(*) as assets
  from (
        select a.change_id, case when b.asset_id is null then 'added' else 'changed' end as status
          from asset a
          left join asset b
            on b.city_id = a.city_id and b.asset_id = a.asset_id and b.version = a.version - 1 and b.ended_by = a.change_id
         where {scope:a} and a.change_id = any($5::int[])
         union all
        select a.ended_by, 'retired'
          from asset a
         where {scope:a} and a.ended_by = any($5::int[])
           and not exists (
                select 1 from asset n
                 where n.city_id = a.city_id and n.asset_id = a.asset_id and n.version = a.version + 1 and n.change_id = a.ended_by
               )
       ) t
 group by t.change_id, t.status
