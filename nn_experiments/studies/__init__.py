"""Studies: what each varies, measures and predicts; none knows another.

Each is a folder with a module ``study.py``, as :mod:`nn_experiments.study` describes, and presets;
one of a user's own may lie anywhere.
"""

DEFAULT = "optimizers"
"""The study of a preset that names none."""
