"""The heating network as a graph: build, checks, traces, impact. Pure: arrays and graphs in and out."""
