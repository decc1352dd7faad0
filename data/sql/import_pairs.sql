-- a pair is known by its code; its id is the smallest asset id of its members, delivered or stored
create temporary table import_pair on commit drop as
select m.kind, m.pair_code, min(m.asset_id) as pair_id
  from (
        select r.kind, r.attributes ->> 'pair_code' as pair_code, r.asset_id
          from import_row r
         where r.status <> 'unchanged'
        union all
        select a.kind, a.attributes ->> 'pair_code', a.asset_id
          from asset a
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and a.kind in ('pipe', 'valve')
           and not exists (select 1 from import_row r where r.asset_id = a.asset_id and r.status <> 'unchanged')
       ) m
 where m.pair_code is not null
 group by m.kind, m.pair_code
