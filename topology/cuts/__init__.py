"""What valves must close, what gives heat back, and what each segment is worth."""
