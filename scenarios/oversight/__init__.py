"""Scenarios on overseers, auditors and decision problems."""
