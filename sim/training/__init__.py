"""Training: stages, curricula, matching, run specification, training itself and replay."""
