"""SQL statements, one per file, loaded by `data.statements`."""
