select w.state
  from warning w
 where {part:warning_seen}
   and w.warning_id = $5
   for update of w
