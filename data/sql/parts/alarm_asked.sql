{scope:a}
  and ($5::text is null or case $5
        when 'active' then l.active
        when 'cleared' then not l.active
        when 'unacknowledged' then not l.acknowledged
        when 'unconfirmed' then not l.confirmed
        when 'shelved' then l.shelved_until > now()
        when 'suppressed' then l.suppressed
        when 'out_of_service' then l.out_of_service
      end)
  and ($6::bigint is null or l.alarm_id = $6)
  and ($9::int is null or l.level = $9)
  and ($10::int is null or a.area_id = $10)
  and ($11::int is null or a.company_id = $11)
  and ($12::text is null or a.kind = $12)
  and ($13::text is null or l.rule_id = (select r.rule_id from alarm_rule r where r.city_id = $1 and r.code = $13))
  and ($14::int is null or l.asset_id = $14)
  and (($15::bigint is null and $16::boolean is null) or (
        select case when $15::bigint is not null then coalesce(bool_or(h.incident_id = $15), false)
                    else (count(*) > 0) = $16::boolean end
          from incident_alarm h
         where h.city_id = l.city_id and h.alarm_id = l.alarm_id and h.until_at is null
      ))
