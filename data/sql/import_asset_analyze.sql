analyze asset
