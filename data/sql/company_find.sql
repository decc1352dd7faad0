-- a company by its code; the program's own question, before it knows who sends
select asset_id from asset where city_id = $1 and kind = 'company' and code = $2 and valid_to_at is null
