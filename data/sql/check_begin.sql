create temporary table check_found (
    rule text not null, key text not null, asset_ids integer[] not null, asset_id integer, register text, row_id integer,
    lon double precision, lat double precision, detail jsonb not null default '{}'::jsonb, repair jsonb
) on commit drop
