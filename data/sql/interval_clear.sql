with version as (delete from interval_version where city_id = %(city_id)s)
delete from interval_element where city_id = %(city_id)s
