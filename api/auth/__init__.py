"""Who is asking: passwords, sessions, API keys, tickets, and the gate that every request passes."""
