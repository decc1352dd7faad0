update city
   set assets_version = assets_version + 1,
       network_version = network_version + %(network)s::int
 where city_id = %(city_id)s
