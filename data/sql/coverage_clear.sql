with buildings as (delete from served_building where city_id = %(city_id)s),
     versions as (delete from coverage_version where city_id = %(city_id)s)
delete from coverage where city_id = %(city_id)s
