"""Benchmarks as ratios: what is compared is measured in one run, on one machine, with its spread.

Where operations or bytes can be counted, they are held against what the machine was measured to do
at most in the same run (:mod:`simulations.bench.limits`).
"""
