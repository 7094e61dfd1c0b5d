"""Synthetic regression in JAX, checked against the formulas that theory derives."""
