select max(r.attributes ->> 'season') as season from register_row r where r.city_id = %(city_id)s and r.kind = 'energy_use'
