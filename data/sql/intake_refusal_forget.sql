delete from intake_refusal where refusal_id <= $1
