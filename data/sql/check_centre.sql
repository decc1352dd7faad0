-- the middle of the city, from which local metres are counted; the median is not moved by what lies far outside
select percentile_cont(0.5) within group (order by st_x(st_centroid(a.geom))),
       percentile_cont(0.5) within group (order by st_y(st_centroid(a.geom)))
  from (
        select geom
          from asset
         where city_id = %(city_id)s
           and valid_to_at is null
           and geom is not null
           and not st_isempty(geom)
           and kind in ('building', 'substation', 'pipe_point', 'estate', 'district')
         order by asset_id
         limit 20000
       ) a
