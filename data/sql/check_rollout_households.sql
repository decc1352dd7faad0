-- a household under two codes: by its identity number, else by place and resident; neither is put into the problem
insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'household_twice', 'household ' || t.row_id, array_remove(array[t.asset_id, t.first_asset], null), 'household', t.row_id,
       jsonb_build_object('other', t.first_code, 'village', t.village, 'other_village', t.first_village)
  from (
        select i.row_id, i.asset_id, i.village, first_value(i.row_id) over same as first_row,
               first_value(i.code) over same as first_code, first_value(i.asset_id) over same as first_asset,
               first_value(i.village) over same as first_village
          from (
                select w.row_id, w.code, w.asset_id, coalesce(w.attributes ->> 'village_code', '') as village,
                       upper(btrim(w.attributes ->> 'id_number')) as identity
                  from register_row w
                 where w.city_id = %(city_id)s and w.kind = 'household' and w.attributes ? 'id_number'
               ) i
         where i.identity <> ''
        window same as (partition by i.identity order by i.row_id)
        union all
        select p.row_id, p.asset_id, p.village, first_value(p.row_id) over same, first_value(p.code) over same,
               first_value(p.asset_id) over same, first_value(p.village) over same
          from (
                select w.row_id, w.code, w.asset_id, coalesce(w.attributes ->> 'village_code', '') as village,
                       btrim(w.attributes ->> 'resident_name') as resident, st_x(w.geom) as x, st_y(w.geom) as y
                  from register_row w
                 where w.city_id = %(city_id)s and w.kind = 'household' and w.geom is not null
               ) p
         where p.resident <> ''
        window same as (partition by p.resident, p.x, p.y order by p.row_id)
       ) t
 where t.row_id <> t.first_row
