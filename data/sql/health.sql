select current_setting('server_version') as postgresql,
       (select extversion from pg_extension where extname = 'postgis') as postgis,
       (select version_num from alembic_version) as revision,
       (select count(*) from city) as cities
