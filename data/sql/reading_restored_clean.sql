delete from reading_restored where until_at <= %(now)s
