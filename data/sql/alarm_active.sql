-- open alarms, and which of them are kept from ringing
select rule_id, source_id,
       suppressed or out_of_service or (shelved_until is not null and shelved_until > now()) as quiet
  from alarm
 where city_id = $1
   and active
