-- whether an owner or district of a touched asset has changed
select coalesce(bool_or(not current or (company_id, area_id) is distinct from (old_company_id, old_area_id)), false)
  from archive_row
 where not retire
