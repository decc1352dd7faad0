select count(*)
  from problem p
 where {part:problem_asked}
