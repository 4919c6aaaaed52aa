"""Scenarios on what fine-tuning changes."""
