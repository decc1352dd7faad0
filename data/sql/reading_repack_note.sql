-- the statement that notes in the comment of a day what it holds and how large it is
select format(
  'comment on table %%I is %%L',
  %(table)s::text,
  jsonb_build_object('packed_bytes', pg_relation_size(%(table)s::text::regclass), 'kinds', %(kinds)s::jsonb)
)
