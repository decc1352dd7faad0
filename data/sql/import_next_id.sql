select nextval(pg_get_serial_sequence('import_run', 'import_id'))
