-- what the touched assets shall be; `relocate` and `reown`: district and owner are to be found anew
create temporary table archive_row (
    asset_id int primary key,
    last_version int not null,
    current boolean not null,
    retire boolean not null,
    kind text not null,
    code text not null,
    name text not null,
    source_key text not null,
    geom geometry,
    attributes jsonb not null,
    old_sha256 bytea not null,
    delivered_sha256 bytea not null,
    row_sha256 bytea,
    company_id int,
    area_id int,
    pair_id int,
    old_company_id int,
    old_area_id int,
    old_pair_code text,
    relocate boolean not null,
    reown boolean not null
) on commit drop
