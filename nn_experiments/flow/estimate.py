"""How long a command will take, stage by stage, told before it begins, and what can be left out.

The counts are exact; what one step, one answer and one gradient take is measured here, on the
networks' images, in about a second each. Attacks are counted as if every image stood: one that
breaks costs less.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from nn_experiments import models
from nn_experiments.attacks import reference
from nn_experiments.attacks.networks import Networks
from nn_experiments.data.images import DataSet, Images, batch_size
from nn_experiments.flow import measure
from nn_experiments.flow import plan as compare
from nn_experiments.flow.workspace import Place
from nn_experiments.measures import pieces
from nn_experiments.measures.pieces import Piece
from nn_experiments.models.evaluating import frozen
from nn_experiments.specs import Command, OptimizerSpec, Preset, RunSpec
from nn_experiments.studies.optimizers.learning_rates import candidates
from nn_experiments.training import resolve
from nn_experiments.training.device import computing
from nn_experiments.training.grid import over_already
from nn_experiments.training.step import Stepper
from nn_experiments.updates import optimizers
from theory.common.errors import UserError, told
from theory.common.tables import TextTable

NETWORKS, BOUNDS = "training networks", "Lipschitz bounds"
_SECONDS, _MOST_TIMED = 0.7, 5  # of one kind of work
_SHOWN = 8  # images that are attacked for a picture, by APGD alone
# Of one point that stands, of Auto-PGD: 100 steps and one answer at the start, for the
# cross-entropy and for each of nine targets (Croce and Hein 2020, and this project's engines).
_APGD_GRADIENTS = 101 * 10
# FAB-T: nine targets, 100 steps, each with a gradient and an answer; Square: 5,000 answers.
_FAB_GRADIENTS, _FAB_ANSWERS, _SQUARE_ANSWERS = 900, 900, 5000


@dataclass(frozen=True)
class Pace:
    """What was measured here, in seconds.

    Attributes:
        step: of a training step on a full minibatch, by the optimizer's title.
        answer: of a network's answer to one image.
        gradient: of an answer and its gradient with respect to one image.

    """

    step: Mapping[str, float]
    answer: float
    gradient: float


@dataclass(frozen=True)
class Part:
    """One kind of work of a command.

    Attributes:
        stage: that it belongs to, as progress calls it.
        what: is done.
        number: how often.
        seconds: that all of it takes, in one process; None where it is not foretold.
        without: the option that leaves it out, or less of it.

    """

    stage: str
    what: str
    number: int
    seconds: float | None
    without: str = ""


def estimate(preset: Preset, place: Place, command: Command) -> list[Part]:
    """Return what a command will do, and about how long each part takes in one process.

    What is over already is not counted, and what a rule has chosen is as it was chosen.

    Raises:
        UserError: a network cannot take the steps or give the answers that are timed.

    """
    settled = compare.foreseen(preset, place)
    data = place.loader(settled.data)
    pace = measured(settled, data, resolve(place.device), place.cpu_threads)
    parts = list[Part]()
    if command in ("compare", "train"):
        tried = candidates(replace(preset, data=settled.data))
        parts += trainings(settled, _not_over(settled.all_runs(), place), data, pace)
        parts = trying(_not_over(tried, place), data, pace) + parts
    if command in ("compare", "evaluate"):
        parts += measuring(settled, missing(settled, place), data, pace) + drawing(settled, pace)
    return parts


def _not_over(runs: Sequence[RunSpec], place: Place) -> list[RunSpec]:
    return [run for run in runs if over_already(run, place.runs) is None]


def missing(preset: Preset, place: Place) -> list[Piece]:
    """Return what is to be measured of the networks, without the pieces that are there."""
    return [
        piece
        for run in preset.runs()
        for piece in pieces.plan(preset, run)
        if not (measure.folder(place.runs, run) / piece.file).exists()
    ]


def trying(runs: Sequence[RunSpec], data: DataSet, pace: Pace) -> list[Part]:
    """Return the trainings of a sweep."""
    if not runs:
        return []
    seconds = sum(training_seconds(run, data, pace) for run in runs)
    what = "trying learning rates"
    return [Part("preparing", what, len(runs), seconds, "--sweep, with fewer")]


def trainings(preset: Preset, runs: Sequence[RunSpec], data: DataSet, pace: Pace) -> list[Part]:
    """Return the trainings among ``runs``, by what they are for.

    The first seed's networks of a sweep are among those that it tries.
    """
    networks = [run for run in preset.runs() if not preset.sweep or run.seed != preset.seeds[0]]
    groups = {
        (NETWORKS, "--seeds or --only, with fewer"): networks,
        ("training on filtered images (Observation I)", "--frequency.thresholds, with none"): (
            preset.filtered_runs()
        ),
        ("training linear models", "--no-gradient-energy"): preset.linear_runs(),
    }
    parts = []
    for (what, without), group in groups.items():
        todo = [run for run in group if run in runs]
        if todo:
            seconds = sum(training_seconds(run, data, pace) for run in todo)
            parts.append(Part("training", what, len(todo), seconds, without))
    return parts


def training_seconds(run: RunSpec, data: DataSet, pace: Pace) -> float:
    """Return what one training takes: its steps, and answers to all images at its end."""
    images = len(data.train)
    steps = run.training.epochs * images / min(run.training.batch_size, images)
    validation = len(data.validation) if data.validation else 0
    answers = images + len(data.test) + validation
    return steps * pace.step[run.optimizer.title] + answers * pace.answer


def measuring(preset: Preset, todo: Sequence[Piece], data: DataSet, pace: Pace) -> list[Part]:
    """Return what is to be measured of all networks; attacks as if every image stood."""
    test, robustness, frequency = len(data.test), preset.robustness, preset.frequency
    networks = Counter(piece.name for piece in todo)
    noisy = len(robustness.gaussian) * min(robustness.noisy_images or test, test)
    noisy *= networks["gaussian"]
    parts = [Part("measuring", "answers under noise", noisy, noisy * pace.answer)]
    for norm, radii in (("l2", robustness.l2), ("linf", robustness.linf)):
        attacked = sum(
            max(0, min(piece.settings["last"], test) - piece.settings["first"])
            for piece in todo
            if piece.name.startswith(f"{norm}-")
        )
        points = attacked * (1 if robustness.largest_first and radii else len(radii))
        seconds = points * attack_seconds(robustness.attacks == "autoattack", pace)
        without = f"--robustness.{norm} or --robustness.images, with fewer"
        parts.append(Part("measuring", f"{norm} attacks, points at most", points, seconds, without))
    bands = (frequency.bands * frequency.noises + 1) * min(frequency.images or test, test)
    bands *= networks["bands"]
    parts += [
        Part("measuring", "answers in bands (Observation II)", bands, bands * pace.answer,
             "--frequency.images or --frequency.noises, with fewer"),
        Part("measuring", BOUNDS, networks["lipschitz"], None, "--no-lipschitz"),
    ]  # fmt: skip
    return [part for part in parts if part.number]


def attack_seconds(standard: bool, pace: Pace) -> float:
    """Return what one point that stands takes, of Auto-PGD alone or of standard AutoAttack."""
    seconds = _APGD_GRADIENTS * pace.gradient
    if standard:
        seconds += _FAB_GRADIENTS * pace.gradient
        seconds += (_FAB_ANSWERS + _SQUARE_ANSWERS) * pace.answer
    return seconds


def drawing(preset: Preset, pace: Pace) -> list[Part]:
    """Return the attacks whose images are drawn: of one network of each optimizer."""
    norms = bool(preset.robustness.l2) + bool(preset.robustness.linf)
    points = _SHOWN * norms * len(preset.optimizers)
    if not (preset.pictures and points):
        return []
    seconds = points * attack_seconds(False, pace)
    return [Part("describing", "attacks for pictures", points, seconds, "--no-pictures")]


def measured(preset: Preset, data: DataSet, device: torch.device, threads: int) -> Pace:
    """Measure what the work consists of, on this machine as busy as it is."""
    batch = data.train.first(preset.training.batch_size).to(device)
    images = data.test.first(min(batch_size(device), reference.BATCH)).to(device)
    with computing(device, threads, preset.seeds[0]), _told(preset, len(batch)):
        steps = {o.title: _seconds(_stepping(preset, o, batch)) for o in preset.optimizers}
        model = models.build(preset.model, data.shape, data.classes, preset.seeds[0]).to(device)
        networks, x, n = Networks([frozen(model)], stacked=False), images.floats(), len(images)
        owner = torch.zeros(n, dtype=torch.int64, device=device)

        def losses(logits: Tensor, rows: Tensor) -> Tensor:
            return functional.cross_entropy(logits, images.labels[rows], reduction="none")

        def answer() -> None:
            networks.logits(x, owner, n).sum().item()  # waits for the device

        def gradient() -> None:
            networks.gradients(x, owner, losses, n)[2].sum().item()

        return Pace(steps, _seconds(answer) / n, _seconds(gradient) / n)


@contextmanager
def _told(preset: Preset, images: int) -> Iterator[None]:
    """Say in one line what a network cannot do."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"model {preset.model.name}: expected it to take a step on {images} images and to "
            f"answer as many, got {told(error)}. Mend its forward, or choose another "
            "training.batch_size or device."
        ) from error


def _stepping(preset: Preset, optimizer: OptimizerSpec, batch: Images) -> Callable[[], None]:
    seed = preset.seeds[0]
    spec = RunSpec(preset.data, preset.model, optimizer, preset.training, seed)
    model = models.build(spec.model, batch.shape, batch.classes, seed).to(batch.pixels.device)
    stepper = Stepper(spec, model, optimizers.build(optimizer, model.parameters()), batch)

    def step() -> None:
        stepper.begin(0)
        stepper.advance(0)
        stepper.losses.tolist()

    return step


def _seconds(work: Callable[[], None]) -> float:
    """Return the median time of a piece of work, called a few times for about a second."""
    began, times = time.perf_counter(), list[float]()
    while len(times) < 1 + _MOST_TIMED:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
        if time.perf_counter() - began > _SECONDS:
            break
    return statistics.median(times[1:] or times)  # the first also warms up


def table(parts: Sequence[Part], place: Place, budget: float | None = None) -> TextTable:
    """Return the parts and their sum, as time on the clock with as many jobs as there are.

    Args:
        parts: of a command.
        place: how many work at once; pictures are drawn by one.
        budget: seconds that all trainings of networks may take, if they are limited: all
            trainings are then on as many images as that allows.

    """
    seconds = [_on_the_clock(part, place) for part in parts]
    networks = sum(s or 0.0 for s, p in zip(seconds, parts, strict=True) if p.what == NETWORKS)
    share = min(1.0, budget / networks) if budget is not None and networks else 1.0
    rows, total = [], 0.0
    for part, whole in zip(parts, seconds, strict=True):
        trains = part.stage in ("preparing", "training")
        taken = whole if whole is None or not trains else whole * share
        total += taken or 0.0
        rows.append([part.stage, part.what, f"{part.number:,}", duration(taken), part.without])
    untold = ", ".join(part.what for part in parts if part.seconds is None)
    rows.append(["in all", f"without {untold}" if untold else "", "", duration(total), ""])
    return TextTable(["stage", "what", "how many", "about", "less with"], rows)


def _on_the_clock(part: Part, place: Place) -> float | None:
    if part.seconds is None:
        return None
    at_once = place.jobs if part.stage != "describing" else 1
    return part.seconds / max(1, min(at_once, part.number))


def duration(seconds: float | None) -> str:
    """Return a time in words, to two digits or so: ``"6.5 days"``."""
    if seconds is None:
        return "not foretold"
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds" if seconds >= 0.1 else "no time"
