select r.code, r.name_zh, r.name_en, r.level, r.enabled, coalesce(n.popup, true) as popup, coalesce(n.advice_zh, '') as advice_zh,
       coalesce(n.advice_en, '') as advice_en, coalesce(n.seat, '') as seat, n.changed_at
  from alarm_rule r
  left join notice_rule n on n.city_id = r.city_id and n.rule_code = r.code
 where r.city_id = $1
   and ($2::text is null or r.code = $2::text)
 order by r.rule_id
