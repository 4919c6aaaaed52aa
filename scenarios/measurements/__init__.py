"""Published measurements as data, what stands in for them in the race, and how well they are predicted."""
