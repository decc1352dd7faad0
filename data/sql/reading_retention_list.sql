select city_id, kind, hot_days, archive_years, seat, changed_at from reading_retention
where %(city_id)s::int is null or city_id = %(city_id)s
order by city_id, kind
