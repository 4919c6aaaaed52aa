"""Compiled ground: arithmetic and the equations of a mind, as functions of scalars."""
