-- which assets a city has: rises with every import and every edit
select assets_version from city where city_id = $1::int
