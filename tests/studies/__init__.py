"""Studies that are too large for a test: each writes a table of the manual."""
