-- what most users of a building name is taken where the building names one that does not exist
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'user_substation_differs', b.asset_id || ':' || u.named, array[b.asset_id], b.asset_id,
       jsonb_build_object('substation', b.attributes ->> 'substation_code', 'other', u.named, 'count', u.users)
  from (
        select r.attributes ->> 'building_code' as building, r.attributes ->> 'substation_code' as named, count(*) as users
          from register_row r
         where r.city_id = %(city_id)s and r.kind = 'heat_user' and r.attributes ->> 'substation_code' is not null
         group by 1, 2
       ) u
  join asset b on b.city_id = %(city_id)s and b.valid_to_at is null and b.kind = 'building' and b.code = u.building
 where b.attributes ->> 'substation_code' <> u.named
   and not exists (
       select 1
         from asset i
        where i.city_id = %(city_id)s
          and i.valid_to_at is null
          and i.kind = 'building_inlet'
          and i.attributes ->> 'building_code' = b.code
          and i.attributes ->> 'substation_code' = u.named
   )
