-- makes the administrator when nobody can sign in yet; returns no row otherwise, so that only one process tells the password
with nobody as (
    select 1 where not exists (select from person p join seat s using (person_id) where not s.demo and p.password_hash is not null)
), organisation_ as (
    insert into organisation (city_id, type, asset_id, name)
    select null, 'city', null, $3 from nobody
        on conflict (city_id, type, asset_id, name) do update set name = excluded.name
    returning organisation_id
), person_ as (
    insert into person (login, name, password_hash, must_change_password)
    select $1, $2, $4, true from nobody
        on conflict (login) do nothing
    returning person_id
)
insert into seat (person_id, organisation_id, role)
select person_id, organisation_id, 'administrator' from person_, organisation_
returning seat_id
