update incident
   set peak = greatest(peak, $3), heated_area_m2 = greatest(heated_area_m2, $4)
 where city_id = $1 and incident_id = $2
