-- equal bits of the position; supply and return, and the levels of a network, may share it
insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select 'same_place', g.first_id || '+' || a.asset_id, array[g.first_id, a.asset_id], a.asset_id,
       jsonb_build_object('other', g.first_code),
       case
           when a.name = g.first_name and a.attributes = g.first_attributes then jsonb_build_object(
               'action', 'retire',
               'values', jsonb_build_object('target', a.code),
               'edits', jsonb_build_array(jsonb_build_object('asset_id', a.asset_id, 'retire', true))
           )
       end
  from (
        select p.*,
               first_value(p.asset_id) over w as first_id, first_value(p.code) over w as first_code,
               first_value(p.name) over w as first_name, first_value(p.attributes) over w as first_attributes
          from asset p
         where p.city_id = %(city_id)s
           and p.valid_to_at is null
           and p.kind = any(%(point_kinds)s)
           and st_geometrytype(p.geom) = 'ST_Point'
        window w as (
            partition by p.kind, st_x(p.geom), st_y(p.geom), p.attributes ->> 'side', p.attributes ->> 'network_level'
            order by p.asset_id
        )
       ) a
  cross join lateral (select a.first_id, a.first_code, a.first_name, a.first_attributes) g
 where a.asset_id <> g.first_id
