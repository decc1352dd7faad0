-- right after an import the statistics still say that source is empty: a nested loop over the table being filled took 100 s
set local enable_nestloop = off
