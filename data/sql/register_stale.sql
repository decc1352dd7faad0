-- whether assets of these kinds have changed in this import, so that stored rows must be linked anew
select exists (select 1 from import_row r where r.status <> 'unchanged' and r.kind = any(%(kinds)s::text[]))
