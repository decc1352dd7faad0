create unique index on check_placed (rule, key)
