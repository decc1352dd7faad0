"""Where a zone loses water: pressures and make-up flow against solved signatures."""
