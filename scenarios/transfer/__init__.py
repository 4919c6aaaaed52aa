"""Scenarios on transfer and on published measurements."""
