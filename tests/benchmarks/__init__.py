"""Benchmarks: `pytest tests/benchmarks --benchmark-only`."""
