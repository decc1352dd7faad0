"""From tables to a drawing of the network, its segments and what is wrong with it."""
