"""What of the network stands in supply at one state of valves and sources, and who hangs on what."""
