"""Small real networks, trained by real gradient descent on procedural tasks, to set beside the engine."""
