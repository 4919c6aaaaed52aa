"""Scenarios: thought experiments, one per file, each with its claim, its experiment and its figure."""
