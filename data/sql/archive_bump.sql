update city
   set assets_version = assets_version + 1,
       network_version = network_version + $2::boolean::int
 where city_id = $1::smallint
