with organisation_ as (
    insert into organisation (city_id, type, asset_id, name)
    values (%(city_id)s, %(type)s, %(asset_id)s, %(organisation)s)
        on conflict (city_id, type, asset_id, name) do update set name = excluded.name
    returning organisation_id
), person_ as (
    insert into person (login, name, password_hash, must_change_password)
    values (%(login)s, %(person)s, %(password_hash)s, %(password_hash)s::text is not null)
    returning person_id
)
insert into seat (person_id, organisation_id, role)
select person_id, organisation_id, %(role)s from person_, organisation_
returning seat_id
