delete from api_nonce where seen_at < now() - make_interval(secs => $1)
