"""Compiled parts of the networks: their strings, forward and backward passes, and Adam."""
