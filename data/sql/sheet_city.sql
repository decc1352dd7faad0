select name_zh, name_en, zone, synthetic, attribution, extent, geoid_height_m from city where city_id = %(city_id)s
