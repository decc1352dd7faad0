analyze rollout_home, rollout_device, rollout_told
