"""Data sets: published ones in their published formats, one's own folders, and synthetic images."""

from nn_experiments.data.catalogue import describe, load, source

__all__ = ["describe", "load", "source"]
