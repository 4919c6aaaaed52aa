"""Claims that can be tested, one per file."""
