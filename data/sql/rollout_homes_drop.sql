drop table rollout_home, rollout_device
