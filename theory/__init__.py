"""Exact derivations, claims and proofs: what the analysis says, and whether it is so."""
