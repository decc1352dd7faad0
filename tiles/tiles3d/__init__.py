"""3D Tiles 1.1: meshes, glb files, explicit tilesets, and their check."""
