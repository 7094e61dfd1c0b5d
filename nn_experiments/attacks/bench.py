"""How long the attack engines take, in one run, with the robust accuracies that they find."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from nn_experiments.attacks.attack import attack
from nn_experiments.attacks.tally import Robust
from nn_experiments.data import load
from nn_experiments.images import Images
from nn_experiments.models import build
from nn_experiments.specs import DataSpec, Level, ModelSpec, Norm, RobustnessSpec
from theory.tables import TextTable

_OURS: Final = RobustnessSpec(attacks="apgd", engine="batched")
_THEIRS: Final = RobustnessSpec(attacks="apgd", engine="reference")
_STEPS: Final = 200


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


def time_engines(
    models: list[nn.Module],
    images: Images,
    norm: Norm,
    radii: tuple[Level, ...],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
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

    """
    run = partial(attack, models, images, norm, radii)
    engines: dict[str, Callable[[int], Robust]] = {
        "reference": lambda seed: run(_THEIRS, seed),
        "batched": lambda seed: run(_OURS, seed),
        "batched, largest radius first": lambda seed: run(_OURS, seed, largest_first=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    found: dict[str, list[torch.Tensor]] = {name: [] for name in engines}
    for seed in range(repeats):
        for name, work in engines.items():
            begin = clock()
            # Results come back to the CPU: a GPU has finished by then.
            found[name].append(work(seed).accuracy().mean(0))
            seconds[name].append(clock() - begin)
    return [
        Timing(name, tuple(seconds[name]), tuple(torch.stack(found[name]).mean(0).tolist()))
        for name in engines
    ]


def bench_attacks(repeats: int, device: str) -> TextTable:
    """Time the engines on a two-layer CNN, at the two largest ℓ∞ radii of the thesis.

    The network is trained for 200 steps of Adam on Fashion-MNIST; 24 test images are attacked.

    Args:
        repeats: how often each engine is timed.
        device: such as ``cpu`` or ``cuda``.

    Raises:
        UserError: the images are not found.

    """
    data = load(DataSpec("fashion-mnist")).to(device)
    network = _trained(data.train)
    rows = time_engines([network], data.test.first(24), "linf", ("0.03", "0.05"), repeats)
    return table(rows)


def table(timings: list[Timing]) -> TextTable:
    """Return medians and ranges, and the first one's times divided by each one's, run by run."""
    rows = []
    for timing in timings:
        ratios = [a / b for a, b in zip(timings[0].seconds, timing.seconds, strict=True)]
        accuracy = ", ".join(f"{100 * share:.1f} %" for share in timing.accuracy)
        rows.append(
            [timing.name, _spread(timing.seconds, " s"), _spread(ratios, "×"), accuracy],
        )
    return TextTable(["engine", "time", "speed", "robust accuracy"], rows)


def _spread(values: Sequence[float], unit: str) -> str:
    middle = f"{statistics.median(values):.2f}{unit}"
    return f"{middle} ({min(values):.2f} to {max(values):.2f}, n = {len(values)})"


def _trained(images: Images) -> nn.Module:
    network = build(ModelSpec(), images.shape, images.classes, 0).to(images.pixels.device)
    optimizer = torch.optim.Adam(network.parameters())
    generator = torch.Generator().manual_seed(0)
    for _ in range(_STEPS):
        part = images.at(torch.randint(len(images), (128,), generator=generator))
        loss = functional.cross_entropy(network(part.floats()), part.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network
