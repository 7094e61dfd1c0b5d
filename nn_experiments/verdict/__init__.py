"""The verdict: what trained networks say about each prediction, with an effect and an interval.

Everything here reads :class:`~nn_experiments.verdict.measurements.Measurements`, plain numpy arrays
and numbers; nothing here trains, attacks or needs torch.
"""
