-- the sums are of other factors: the next refresh counts them anew
update rollout_version set change_id = -1 where city_id = $1
