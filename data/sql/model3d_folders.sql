select folder from model3d order by 1
