update notice_cursor set transition_id = $2 where city_id = $1 and transition_id < $2
