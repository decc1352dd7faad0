analyze asset_key
