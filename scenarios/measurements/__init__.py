"""Published measurements as data, what stands in for them in the model, and how well they are predicted."""
