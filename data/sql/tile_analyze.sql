analyze tile_pipe, tile_pipe_zoom, tile_building, tile_point, tile_base, tile_coverage, asset_summary
