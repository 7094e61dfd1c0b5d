"""How long the attack engines take on one network, in one run, with their robust accuracies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import torch
from torch import nn

from nn_experiments.attacks.attack import attack
from nn_experiments.attacks.tally import Robust
from nn_experiments.data.images import Images
from nn_experiments.flow.progress import Advance, quiet
from nn_experiments.specs import ExactNumber, Norm, RobustnessSpec

_OURS: Final = RobustnessSpec(attacks="apgd", engine="batched")
_LARGEST_FIRST: Final = replace(_OURS, largest_first=True)
_THEIRS: Final = RobustnessSpec(attacks="apgd", engine="reference")


@dataclass(frozen=True)
class Timing:
    """How long one engine took.

    Attributes:
        name: of the engine.
        seconds: one value for each repetition.
        accuracy: robust accuracies, one for each radius, from 0 to 1; averages over networks.

    """

    name: str
    seconds: tuple[float, ...]
    accuracy: tuple[float, ...]


def bench_attacks(
    models: list[nn.Module],
    images: Images,
    norm: Norm,
    radii: tuple[ExactNumber, ...],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
    tell: Advance = quiet,
) -> list[Timing]:
    """Time APGD-CE and APGD-T by both engines, the reference first.

    Engines take turns, so that a machine that slows down slows all of them. The ratio depends on
    how robust the networks are: a point that stands costs both engines 1,010 evaluations at each
    radius, one that breaks costs the batched engine some ten at one radius only.

    Args:
        models: what is attacked.
        images: on the models' device.
        norm: of the perturbations.
        radii: of the perturbations.
        repeats: how often each engine is timed.
        clock: what tells the time, in seconds.
        tell: is given what is measured next, and the share of all that was just completed.

    """
    run = partial(attack, models, images, norm, radii)
    engines: dict[str, Callable[[int], Robust]] = {
        "reference": lambda seed: run(_THEIRS, seed),
        "batched": lambda seed: run(_OURS, seed),
        "batched, largest radius first": lambda seed: run(_LARGEST_FIRST, seed),
    }
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    found: dict[str, list[torch.Tensor]] = {name: [] for name in engines}
    for seed in range(repeats):
        for name, work in engines.items():
            doing = f"{name}, round {seed + 1} of {repeats}"
            tell(doing, 0.0)
            begin = clock()
            # Results come back to the CPU: a GPU has finished by then.
            found[name].append(work(seed).accuracy().mean(0))
            seconds[name].append(clock() - begin)
            tell(doing, 1 / (repeats * len(engines)))
    return [
        Timing(name, tuple(seconds[name]), tuple(torch.stack(found[name]).mean(0).tolist()))
        for name in engines
    ]
