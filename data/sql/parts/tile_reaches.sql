tile as (
    -- tiles of zoom $5 in columns $6 and rows $7; reach: where rows of theirs may lie, given by its west, south, east and north edge
    -- in $8 to $11, metres of EPSG:3857
    select u.x, u.y, st_makeenvelope(u.west, u.south, u.east, u.north, 3857) as reach
      from unnest($6::int[], $7::int[], $8::float8[], $9::float8[], $10::float8[], $11::float8[])
           as u(x, y, west, south, east, north)
)
