insert into reading_retention (city_id, kind, hot_days, archive_years, seat)
values ($1, $2, $3, $4, $5)
on conflict (city_id, kind) do update
set hot_days = excluded.hot_days, archive_years = excluded.archive_years, seat = excluded.seat, changed_at = now()
