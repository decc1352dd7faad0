with changed as (
    update person set password_hash = %(password_hash)s, must_change_password = true
     where login = %(login)s and exists (select from seat s where s.person_id = person.person_id and not s.demo)
    returning person_id
), ended as (
    delete from session where seat_id in (select seat_id from seat join changed using (person_id))
)
select person_id from changed
