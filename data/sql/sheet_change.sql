select c.change_id from archive_change c where c.city_id = %(city_id)s and c.import_id = %(import_id)s
