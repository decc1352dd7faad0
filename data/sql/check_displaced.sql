create temporary table check_displaced (asset_id integer primary key) on commit drop
