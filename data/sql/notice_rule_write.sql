insert into notice_rule (city_id, rule_code, popup, advice_zh, advice_en, seat)
select $1, r.code, $3, $4, $5, $6
  from alarm_rule r
 where r.city_id = $1 and r.code = $2
    on conflict (city_id, rule_code)
    do update set popup = excluded.popup, advice_zh = excluded.advice_zh, advice_en = excluded.advice_en, seat = excluded.seat,
                  changed_at = now()
returning rule_code
