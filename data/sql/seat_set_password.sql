-- every other session of the person ends with the old password
with changed as (
    update person set password_hash = $2, must_change_password = false where person_id = $1 returning person_id
)
delete from session
 where seat_id in (select seat_id from seat join changed using (person_id)) and token_sha256 <> $3
