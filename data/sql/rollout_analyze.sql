analyze rollout_area, rollout_sum, rollout_part
