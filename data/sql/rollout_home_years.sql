select distinct h.year from rollout_home h where h.year between %(this_year)s - 15 and %(this_year)s
