"""Training and attacks against plain ways to do the same, and memory: ratios in one run."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from torch import nn

from nn_experiments.bench.attacks import Timing, bench_attacks
from nn_experiments.bench.memory import bench_memory
from nn_experiments.bench.training import HEADER, bench_training
from nn_experiments.data.images import DataSet
from nn_experiments.data.loader import Loader
from nn_experiments.flow.progress import Advance, shown
from nn_experiments.specs import (
    DataSpec,
    ExactNumber,
    ModelSpec,
    Norm,
    OptimizerSpec,
    RunSpec,
    TrainingSpec,
)
from nn_experiments.training import load_model, resolve, train
from theory.common.plurals import counted
from theory.common.tables import TextTable

# A network that has learnt something, so that some images break early and some never do.
_DATA = DataSpec(train_images=512, test_images=100)
_EPOCHS = 30
_RADII: dict[Norm, tuple[ExactNumber, ...]] = {"l2": ("0.1", "0.5"), "linf": ("0.01", "0.03")}
_NETWORKS_ON_GPU = 9  # as many as a comparison has, attacked at once


def tables(
    repeats: int,
    device: str,
    loader: Loader,
    watch: Callable[[str], AbstractContextManager[Advance]] = shown,
) -> Iterator[tuple[str, TextTable]]:
    """Yield a title and a table for each kind of work, once it is measured.

    Args:
        repeats: how often each is measured.
        device: where.
        loader: reads Fashion-MNIST.
        watch: gives what shows the progress of a kind of work, by its name.

    Raises:
        UserError: the device is not there, Fashion-MNIST is not found, or the system does not
            tell how much memory a process takes.

    """
    with watch("training") as tell:
        rows = [bench.cells() for bench in bench_training(device, rounds=repeats, tell=tell)]
    yield "Training the two-layer CNN, batches of 128", TextTable(HEADER, rows)
    where = resolve(device)
    data = loader(_DATA)
    networks = _NETWORKS_ON_GPU if where.type == "cuda" else 1
    with watch("networks to attack") as tell, tempfile.TemporaryDirectory() as folder:
        models = []
        for seed in range(networks):
            models.append(_trained(data, Path(folder) / str(seed), seed, device))
            tell(f"network {seed + 1} of {networks}", 1 / networks)
    for norm, radii in _RADII.items():
        with watch(f"{norm} attacks") as tell:
            timings = bench_attacks(models, data.test.to(where), norm, radii, repeats, tell=tell)
        title = (
            f"APGD-CE and APGD-T, {len(data.test)} images, {counted(networks, 'network')}, "
            f"{norm} radii " + " and ".join(radii)
        )
        yield title, _attacks(timings, radii)
    title = f"Peak memory of training on 60,000 images, Adam, {counted(repeats, 'repeat')}"
    with watch("memory") as tell:
        table = _memory(device, repeats, tell)
    yield title, table


def _memory(device: str, repeats: int, tell: Advance) -> TextTable:
    found = bench_memory(device, rounds=repeats, tell=tell)
    columns = {
        "device": found.device,
        "idle process (MB)": _megabytes(found.idle),
        "images (MB)": _megabytes(found.data),
        "weights, gradients, moments (MB)": _megabytes(found.state),
        "activations (MB)": _megabytes(found.activations),
        "peak above idle (MB)": _megabytes(found.peak),
        "peak / (images, weights, ..., activations)": f"{found.ratio:.2f}",
        "range of ratios": f"{min(found.ratios):.2f} to {max(found.ratios):.2f}",
    }
    return TextTable(list(columns), [list(columns.values())])


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.0f}"


def _trained(data: DataSet, folder: Path, seed: int, device: str) -> nn.Module:
    schedule = TrainingSpec(epochs=_EPOCHS, milestones=())
    spec = RunSpec(_DATA, ModelSpec(), OptimizerSpec("Adam", 0.0005), schedule, seed)
    train(spec, data, folder, device)
    return load_model(folder, device)[0]


def _attacks(timings: Sequence[Timing], radii: Sequence[ExactNumber]) -> TextTable:
    reference = timings[0].seconds
    rows = []
    for timing in timings:
        ratios = [a / b for a, b in zip(reference, timing.seconds, strict=True)]
        rows.append(
            [
                timing.name,
                f"{statistics.median(timing.seconds):.1f}",
                f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f} to {max(ratios):.2f}",
                str(len(ratios)),
                *(f"{100 * accuracy:.1f}" for accuracy in timing.accuracy),
            ]
        )
    header = ["engine", "seconds", "ratio", "range of ratios", "rounds"]
    return TextTable([*header, *(f"robust at {radius} (%)" for radius in radii)], rows)
