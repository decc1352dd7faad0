"""Assets, readings, alarms, seats and scopes as plain data and functions. Pure: time comes in as an argument."""
