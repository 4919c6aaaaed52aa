"""Analyses of how results depend on parameters, and of claims."""
