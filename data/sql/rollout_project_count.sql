select count(*)
  from register_row r
 where {part:rollout_project_asked}
