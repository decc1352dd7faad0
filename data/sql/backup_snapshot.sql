-- the dump and the counts see the same moment
select pg_export_snapshot(), current_setting('server_version_num')::int / 10000, pg_database_size(current_database())
