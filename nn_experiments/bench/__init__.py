"""Ratios of speed and memory: training and attacks against plain ways to do the same."""
