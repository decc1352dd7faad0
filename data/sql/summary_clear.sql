delete from asset_summary where city_id = %(city_id)s
