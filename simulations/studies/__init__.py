"""Simulated studies, each a package: what is asked, computed, drawn and told."""
