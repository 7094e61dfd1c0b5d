"""The thesis's own settings of a data set of its tables."""

from __future__ import annotations

from functools import cache

from nn_experiments import presets
from nn_experiments.studies.optimizers.preset import Preset


@cache
def of_thesis(published: str) -> Preset | None:
    """Return the thesis's settings (appendix 4.A, Table 4.2) of a data set of its tables, or None.

    They are the preset that is named after its data set.

    Args:
        published: the data set's name in the published tables; empty if it is in none.

    """
    for name in presets.names() if published else ():
        preset = presets.read(name)
        if isinstance(preset, Preset) and (preset.data.name, preset.published) == (name, published):
            return preset
    return None
