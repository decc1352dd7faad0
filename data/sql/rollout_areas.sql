-- the tree: city, district, township, village; zones beside it. A village belongs to the township that it names, else to the one around it;
-- its district is the one that holds it. One without an outline gets the hull of its households, 100 m wider
insert into rollout_area (
    city_id, area_id, kind, code, name, parent_id, district_id, township_id, zone_id, outline, geom, geom_3857, point_3857
)
with area as (
    select a.asset_id, a.kind, a.code, a.name, a.area_id, a.attributes ->> 'parent_code' as parent_code, st_force2d(a.geom) as geom
      from asset a
     where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind in ('district', 'zone', 'township', 'village')
), hull as (
    select r.asset_id, st_buffer(st_transform(st_convexhull(st_collect(r.geom)), 3857), 140.0, 4) as geom_3857
      from register_row r
     where r.city_id = %(city_id)s and r.kind = 'household' and r.geom is not null and r.asset_id is not null
     group by r.asset_id
), placed as (
    select a.*,
           case when a.kind = 'village' and (a.geom is null or st_dimension(a.geom) < 2) then h.geom_3857
                else st_transform(a.geom, 3857) end as geom_3857,
           case when a.geom is not null and st_dimension(a.geom) = 2 then 'delivered'
                when h.geom_3857 is not null then 'households' else 'none' end as outline,
           case when a.geom is null then st_centroid(h.geom_3857) else st_transform(st_pointonsurface(a.geom), 3857) end as point_3857
      from area a
      left join hull h on h.asset_id = a.asset_id and a.kind = 'village'
), linked as (
    select p.*,
           case p.kind when 'village' then coalesce(t.asset_id, around.asset_id) end as township_id,
           case p.kind when 'district' then p.asset_id when 'zone' then null else coalesce(p.area_id, d.asset_id) end as district_id,
           case p.kind when 'village' then zone.asset_id end as zone_id
      from placed p
      left join area t on t.kind = 'township' and t.code = p.parent_code and p.kind = 'village'
      left join area d on d.kind = 'district' and d.code = p.parent_code and p.kind in ('township', 'village')
      left join lateral (
            select w.asset_id
              from placed w
             where w.kind = 'township' and p.kind = 'village' and t.asset_id is null
               and p.point_3857 is not null and st_intersects(w.geom_3857, p.point_3857)
             order by w.asset_id
             limit 1
           ) around on true
      left join lateral (
            select w.asset_id
              from placed w
             where w.kind = 'zone' and p.kind = 'village'
               and p.point_3857 is not null and st_intersects(w.geom_3857, p.point_3857)
             order by w.asset_id
             limit 1
           ) zone on true
)
select %(city_id)s, l.asset_id, l.kind, l.code, l.name,
       case l.kind when 'district' then 0 when 'zone' then null when 'township' then coalesce(l.district_id, 0)
                   else coalesce(l.township_id, l.district_id, 0) end,
       l.district_id, l.township_id, l.zone_id, l.outline, st_transform(l.geom_3857, 4326), l.geom_3857, l.point_3857
  from linked l
 union all
select c.city_id, 0, 'city', '', c.name_zh, null, null, null, null, 'none', null, null,
       (select st_centroid(st_collect(p.point_3857)) from placed p where p.kind = 'district')
  from city c
 where c.city_id = %(city_id)s
