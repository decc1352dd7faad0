create unique index on check_member (asset_id)
