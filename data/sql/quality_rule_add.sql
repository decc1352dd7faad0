-- a new version, written only on the one that was edited: $3 = 0 makes a new rule
insert into quality_rule (city_id, code, version, definition, seat, note)
select $1, $2, $3 + 1, $4, $5, $6
where $3 = (select coalesce(max(version), 0) from quality_rule where city_id = $1 and code = $2)
on conflict do nothing
returning version
