"""Measured recipes: `make bench-NAME`."""
