"""History of readings: the contract that stores of frames keep, and those that keep it."""
