create index on check_shape (kind, asset_id)
