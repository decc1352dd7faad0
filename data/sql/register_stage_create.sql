create temporary table register_stage (
    layer_no int not null,
    row_no int not null,
    kind text collate "C" not null,
    code text collate "C" not null,
    name text not null,
    source_key text not null,
    geom geometry,
    attributes jsonb not null
) on commit drop
