-- how many features of one kind ($5) the same request finds on all pages
select count(*)
  from asset a
 where {scope:a}
   and a.kind = $5::text
   and {time}
   and {filter}
