"""Claims that can be tested, one per file, in a folder for each family."""
