"""The questions asked of a network: impact, traces, paths, supply areas, plans."""
