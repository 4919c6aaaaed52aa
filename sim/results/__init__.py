"""Shared parts of all results: requests, reports, figure style and provenance."""
