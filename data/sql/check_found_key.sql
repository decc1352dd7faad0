create index on check_found (rule, key)
