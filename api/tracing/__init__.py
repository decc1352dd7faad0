"""Questions to the network over HTTP: pictures of the network, lists, consequences, the shapes of answers."""
