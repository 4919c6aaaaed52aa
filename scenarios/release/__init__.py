"""The scenario of a released model and its market."""
