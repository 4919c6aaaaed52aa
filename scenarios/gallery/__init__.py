"""Figures of the argument, one a file: what each is computed from, and how its table is drawn."""
