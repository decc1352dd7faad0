-- rows of tile tables before they are compared with those that are there; empty at the begin of every use
create temporary table if not exists staged_pipe_fact (like pipe_fact) on commit delete rows;
create temporary table if not exists staged_tile_pipe (like tile_pipe) on commit delete rows;
create temporary table if not exists staged_tile_pipe_zoom (like tile_pipe_zoom) on commit delete rows;
create temporary table if not exists staged_tile_building (like tile_building) on commit delete rows;
create temporary table if not exists staged_tile_point (like tile_point) on commit delete rows;
create temporary table if not exists staged_tile_base (like tile_base) on commit delete rows;
create temporary table if not exists staged_tile_coverage (like tile_coverage) on commit delete rows;
delete from staged_pipe_fact;
delete from staged_tile_pipe;
delete from staged_tile_pipe_zoom;
delete from staged_tile_building;
delete from staged_tile_point;
delete from staged_tile_base;
delete from staged_tile_coverage
