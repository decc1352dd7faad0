with messages as (
    delete from notice where made_at < $1::timestamptz and state in ('sent', 'given_up')
), read as (
    delete from notice_read where read_at < $1::timestamptz
), seen as (
    delete from notice_seen where seen_at < $1::timestamptz
)
delete from notice_item where due_at < $1::timestamptz and (notice_id is not null or dropped is not null)
