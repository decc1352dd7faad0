"""Commands of the command line, one module per room; each has a `register(app)`."""
