"""Feint."""
