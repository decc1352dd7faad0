tile as (
    -- bounds: the tile in its own datum; reach: where its rows may lie, in WGS-84; both in metres of EPSG:3857.
    -- $9: six numbers that take WGS-84 to the tile's datum (ST_Affine), then the six of the way back; null: WGS-84
    select st_tileenvelope($5::int, $6::int, $7::int) as bounds,
           st_expand(
               case when $9::float8[] is null then st_tileenvelope($5::int, $6::int, $7::int, margin => 64.0 / 4096)
                    else st_envelope(st_affine(
                        st_tileenvelope($5::int, $6::int, $7::int, margin => 64.0 / 4096),
                        ($9::float8[])[7], ($9::float8[])[8], ($9::float8[])[9], ($9::float8[])[10], ($9::float8[])[11], ($9::float8[])[12]
                    )) end,
               coalesce($8::float8, 0)
           ) as reach
)
