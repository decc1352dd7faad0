"""HTTP routes, one module per room; each has a `router`."""
