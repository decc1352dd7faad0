-- only the newest $2 stay
delete from arrival_unregistered u
using (
    select code, sender
    from arrival_unregistered
    where city_id = $1
    order by last_at desc, code, sender
    offset $2
) old
where u.city_id = $1 and u.code = old.code and u.sender = old.sender
