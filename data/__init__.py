"""The store: tables, migrations, every SQL statement, imports and the demo city."""
