-- layers of buildings, with the datum that they were converted from last
select l.layer, coalesce(d.datum, ''), l.buildings
  from (
        select m.layer, count(*) as buildings
          from check_member m
          join asset a on a.city_id = %(city_id)s and a.asset_id = m.asset_id and a.valid_to_at is null
         where a.geom is not null
           and m.layer <> ''
         group by m.layer
       ) l
  left join lateral (
        select x.datum
          from datum_conversion x
         where x.city_id = %(city_id)s and (x.layer = l.layer or x.layer like l.layer || ' #%%')
         order by x.import_id desc, x.layer
         limit 1
       ) d on true
 where l.buildings >= 3
 order by l.layer
