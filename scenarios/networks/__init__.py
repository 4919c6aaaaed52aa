"""Scenarios on small real networks."""
