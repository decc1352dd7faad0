-- what still waits for it goes with it
with removed as (
    delete from notice_subscription where city_id = $1 and subscription_id = $2
    returning subscription_id
), waiting as (
    delete from notice_item i
     using removed r
     where i.city_id = $1 and i.subscription_id = r.subscription_id and i.notice_id is null
)
select subscription_id from removed
