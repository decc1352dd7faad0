select coalesce(installed_version, default_version)
  from pg_available_extensions
 where name = 'postgis'
