"""Small real networks, trained by real gradient descent on procedural tasks, for comparison with the engine."""
