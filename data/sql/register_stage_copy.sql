copy register_stage (layer_no, row_no, kind, code, name, source_key, geom, attributes) from stdin (format binary)
