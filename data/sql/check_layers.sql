-- layers of buildings as they were delivered last, with the datum that they were converted from
select l.change_id, l.layer_no, l.name, coalesce(d.datum, ''), l.buildings
  from (
        select l.change_id, l.layer_no, c.import_id, coalesce(c.layers[l.layer_no], '') as name, count(*) as buildings
          from asset a
          join check_member l on l.asset_id = a.asset_id
          join archive_change c on c.city_id = a.city_id and c.change_id = l.change_id
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and a.kind = 'building'
           and a.geom is not null
         group by l.change_id, l.layer_no, c.import_id, c.layers[l.layer_no]
       ) l
  left join lateral (
        select x.datum
          from datum_conversion x
         where x.city_id = %(city_id)s and x.import_id = l.import_id and (x.layer = l.name or x.layer like l.name || ' #%%')
         order by x.layer
         limit 1
       ) d on true
 where l.buildings >= 3
 order by l.change_id, l.layer_no
