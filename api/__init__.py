"""Every edge: HTTP routes, WebSocket, command line, settings."""
