update api_key set active = false where app_id = %(app_id)s and active returning app_id
