"""Compiled dynamics: random numbers, the SGD step, and many runs side by side."""
