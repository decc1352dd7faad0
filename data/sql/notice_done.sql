-- only the try that has it in hand may say how it went
update notice
   set state = $4, error = $5, title = $6, body = $7, next_try_at = coalesce($8::timestamptz, next_try_at), sent_at = $9
 where city_id = $1 and notice_id = $2 and attempts = $3 and state = 'sending'
