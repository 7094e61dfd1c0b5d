"""Accuracy under attacks within a radius: ``l2/RADIUS``, ``linf/RADIUS``, shape (N,), bool.

The values ``engine/…`` and ``attack_notes/…`` say for each who attacked and what was warned about;
the arrays ``masked/…``, one row a measure's file, count images without a gradient and how many of
them Square broke (nan if it was not run).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from torch import nn

from nn_experiments.attacks import reference
from nn_experiments.attacks.attack import attack
from nn_experiments.attacks.tally import Robust
from nn_experiments.data.images import DataSet, Images
from nn_experiments.evidence.store import Found
from nn_experiments.measures.answers import MANY_CLASSES, answers
from nn_experiments.measures.measure import Cost, Measure, Pace
from nn_experiments.specs import Norm, RobustnessSpec, level
from theory.common.errors import UserError

CHUNK = reference.BATCH
"""How many images are attacked in one piece."""

_SETTINGS = ("attacks", "engine", "largest_first", "noise_seed")
# Of one point that stands, of Auto-PGD: 100 steps and one answer at the start, for the
# cross-entropy and for each of nine targets (Croce and Hein 2020, and this project's engines).
_APGD_GRADIENTS = 101 * 10
# FAB-T: nine targets, 100 steps, each with a gradient and an answer; Square: 5,000 answers.
_FAB_GRADIENTS, _FAB_ANSWERS, _SQUARE_ANSWERS = 900, 900, 5000


def attacks(spec: RobustnessSpec) -> list[Measure]:
    """Return measures at all radii of a spec, one for each norm and some hundred images."""
    radii: dict[Norm, tuple[str, ...]] = {"l2": spec.l2, "linf": spec.linf}
    return [
        _attack(spec, norm, levels, first)
        for norm, levels in radii.items()
        for first in range(0, spec.images if levels else 0, CHUNK)
    ]


def attack_seconds(standard: bool, pace: Pace) -> float:
    """Return what one point that stands takes, of Auto-PGD alone or of standard AutoAttack."""
    seconds = _APGD_GRADIENTS * pace.gradient
    if standard:
        seconds += _FAB_GRADIENTS * pace.gradient
        seconds += (_FAB_ANSWERS + _SQUARE_ANSWERS) * pace.answer
    return seconds


def _attack(spec: RobustnessSpec, norm: Norm, radii: tuple[str, ...], first: int) -> Measure:
    last = min(first + CHUNK, spec.images)

    def found(models: Sequence[nn.Module], data: DataSet) -> list[Found]:
        images = data.test.at(slice(first, last))
        if not len(images):
            return [Found() for _ in models]
        keep = len(images) if images.classes > MANY_CLASSES else 0
        seed = spec.noise_seed
        robust = attack(models, images, norm, radii, spec, seed, first=first, keep=keep)
        return [_robust(robust, i, model, images) for i, model in enumerate(models)]

    def cost(test: int, pace: Pace) -> Cost:
        points = max(0, min(last, test) - first) * (1 if spec.largest_first else len(radii))
        seconds = points * attack_seconds(spec.attacks == "autoattack", pace)
        without = f"--robustness.{norm} or --robustness.images, with fewer"
        return Cost(f"{norm} attacks, points at most", points, seconds, without)

    def require(model: nn.Module, data: DataSet) -> None:
        del model
        _require_radii(norm, radii, data.shape)

    settings = {
        **{name: asdict(spec)[name] for name in _SETTINGS},
        "radii": radii,
        "first": first,
        "last": last,
        "without_gradient": "Square",
    }
    asked = {"robustness.images": spec.images}
    name = f"{norm}-{first}"
    return Measure(name, settings, found, "robustness", asked, require, cost, weight=10.0)


def _require_radii(norm: Norm, radii: Sequence[str], shape: tuple[int, int, int]) -> None:
    """Refuse an ℓ2 radius that is longer than the way between any two images."""
    farthest = math.sqrt(math.prod(shape))
    beyond = [text for text in radii if norm == "l2" and level(text) > farthest]
    if beyond:
        raise UserError(
            f"robustness.l2: expected radii of at most {farthest:.4g}, with which every image of "
            f"{' × '.join(map(str, shape))} values from 0 to 1 can become any other, got "
            f"{', '.join(beyond)}. Ask for smaller ones."
        )


def _robust(robust: Robust, index: int, model: nn.Module, images: Images) -> Found:
    correct: dict[str, np.ndarray] = {}
    masked: dict[str, np.ndarray] = {}
    blind = robust.blind()[index]
    square = robust.attacks.index("Square") if "Square" in robust.attacks else None
    for place, radius in enumerate(robust.radii):
        measure = f"{robust.norm}/{radius}"
        correct[measure] = robust.correct[index, place].numpy()
        if blind.any():
            broken = blind & (robust.broken_by[index, place] == square)
            counts = [float(blind.sum()), math.nan if square is None else float(broken.sum())]
            masked[f"masked/{measure}"] = np.array([counts])
        if robust.examples.shape[2]:
            examples = robust.examples[index, place].to(images.pixels.device)
            ranked = answers(model, replace(images, pixels=examples), measure)
            correct |= {name: right for name, right in ranked.items() if name != measure}
    values: dict[str, Any] = {f"engine/{name}": robust.engine for name in correct}
    values |= {f"attack_notes/{name}": list(robust.notes_on(index)) for name in correct}
    return Found(correct | masked, values)
