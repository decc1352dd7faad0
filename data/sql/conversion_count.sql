select count(*) from datum_conversion where city_id = $1
