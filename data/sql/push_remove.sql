delete from push_endpoint where seat_id = $1 and endpoint = $2 returning endpoint_id
