"""Pictures of stored data: vector tiles, raster tiles, 3D Tiles, deck scenes."""
