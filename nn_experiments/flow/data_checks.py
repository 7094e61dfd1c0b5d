"""Counts and levels that a preset asks for and its data cannot give: told before any work."""

from __future__ import annotations

import math

from nn_experiments.data.images import DataSet
from nn_experiments.frequency.filters import removed_bases
from nn_experiments.specs import Preset, level
from theory.common.errors import UserError


def require_given(preset: Preset, data: DataSet) -> None:
    """Refuse what cannot be measured as it is asked for, rather than measure something else.

    Raises:
        UserError: more test images are asked for than there are, an ℓ2 radius is longer than the
            way between any two images, or a filter would remove no frequency.

    """
    _require_images(preset, len(data.test))
    _require_radii(preset, data.shape)
    _require_thresholds(preset, data.shape)


def _require_images(preset: Preset, available: int) -> None:
    attacks, bands = preset.robustness, preset.frequency
    asked = {"robustness.images": attacks.images if attacks.l2 or attacks.linf else None}
    asked |= {"robustness.noisy_images": attacks.noisy_images if attacks.gaussian else None}
    asked |= {"frequency.images": bands.images}
    beyond = {name: n for name, n in asked.items() if n is not None and n > available}
    if beyond:
        raise UserError(
            f"{', '.join(beyond)}: expected at most {available}, as many as there are test images, "
            f"got {', '.join(map(str, beyond.values()))}. Ask for fewer."
        )


def _require_radii(preset: Preset, shape: tuple[int, int, int]) -> None:
    farthest = math.sqrt(math.prod(shape))
    beyond = [text for text in preset.robustness.l2 if level(text) > farthest]
    if beyond:
        raise UserError(
            f"robustness.l2: expected radii of at most {farthest:.4g}, with which every image of "
            f"{' × '.join(map(str, shape))} values from 0 to 1 can become any other, got "
            f"{', '.join(beyond)}. Ask for smaller ones."
        )


def _require_thresholds(preset: Preset, shape: tuple[int, int, int]) -> None:
    _, height, width = shape
    spec, data = preset.frequency, preset.data
    asked = {"frequency.thresholds": spec.thresholds if spec.filters else ()}
    asked |= {"data.filtered_percent": (data.filtered_percent,) if data.filtered_by else ()}
    for name, percentages in asked.items():
        idle = [str(p) for p in percentages if not removed_bases(height, width, p)]
        if idle:
            raise UserError(
                f"{name}: expected percentages of which one frequency or more is removed, of "
                f"{height * width}, got {', '.join(idle)}. Ask for larger ones."
            )
