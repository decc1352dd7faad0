select coalesce(max(notice_id), 0) from notice where city_id = $1 and channel = 'web'
