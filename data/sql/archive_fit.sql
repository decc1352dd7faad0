-- the hash that an import of the same content would compute (import_rows.sql)
update archive_row
   set row_sha256 = sha256(
           convert_to(name || E'\x1f' || source_key || E'\x1f' || attributes::text || E'\x1f', 'UTF8')
           || coalesce(geom::bytea, ''::bytea)
       )
