-- registers and kinds of assets that changes after a counted one have touched
select distinct r.kind from register_row r where r.city_id = %(city_id)s and r.change_id > %(counted)s
 union
select distinct a.kind from asset a where a.city_id = %(city_id)s and a.change_id > %(counted)s
 union
select distinct a.kind from asset a where a.city_id = %(city_id)s and a.ended_by > %(counted)s and a.ended_by is not null
