"""The simulated city: what its instruments show, when they report it, and what goes wrong on the way."""
