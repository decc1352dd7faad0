-- open alarms, and which of them are kept off the map; those that an incident holds are folded in the list, not hidden on the map
select rule_id, source_id,
       out_of_service or (shelved_until is not null and shelved_until > now()) as quiet
  from alarm
 where city_id = $1
   and active
