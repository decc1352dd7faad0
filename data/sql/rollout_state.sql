select v.refreshed_at, v.change_id from rollout_version v where v.city_id = $1
