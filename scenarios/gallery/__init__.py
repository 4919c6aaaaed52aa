"""Figures of the argument: how their data are computed, and how they are drawn from them."""
