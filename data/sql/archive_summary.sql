-- what is about to be written, in one row
select count(*) as rows,
       coalesce(bool_or(kind = 'district' and (relocate or retire or not current)), false) as districts,
       coalesce(bool_or(relocate and not retire), false) as relocate,
       coalesce(bool_or(kind = any($1::text[])), false) as network
  from archive_row
