insert into quality_check
    (city_id, asset_id, source_id, point, observed_at, until_at, value, flag, rule, why_zh, why_en, made_by, note)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (city_id, source_id, point, rule) where state <> 'closed' do nothing
returning check_id
