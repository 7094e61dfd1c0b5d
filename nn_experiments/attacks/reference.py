"""The published AutoAttack, as its fork ``pyautoattack`` has it.

Each attack is one run of the fork's standard evaluation on the images that still stand, so that it
can be said which attack broke an image; seeds are set anew for each attack by the fork itself, and
the results are those of one run of all attacks. Random numbers belong to batches here: results
depend on which images are attacked together. Images are therefore divided into batches of
:data:`BATCH`, by their number in the data set.

The fork leaves as many targets as there are, at most nine. The targeted DLR needs four classes
and the DLR three; with fewer classes APGD-T is left out, and with three APGD on the DLR without
target takes its place, as nothing published says otherwise.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

import torch
from pyautoattack import AutoAttack
from torch import Tensor, nn

from nn_experiments.attacks.networks import halved
from nn_experiments.attacks.tally import Progress, Tally
from theory.common.errors import UserError

BATCH = 250
STEPS = 100

_NAMES: Final = {
    "APGD-CE": "apgd-ce",
    "APGD-T": "apgd-t",
    "APGD-DLR": "apgd-dlr",
    "FAB-T": "fab-t",
    "Square": "square",
}
_NORMS: Final = {"l2": "L2", "linf": "Linf"}
_MOST_TARGETS = 9
_LOGGER = "auto-attack"
# Square's ℓ2 perturbation starts from tiles of a fifth of the height.
_LEAST_HEIGHT = 5


def name() -> str:
    """Return the engine's name with its version."""
    return f"reference (pyautoattack {version('pyautoattack')})"


def apgd_attacks(classes: int) -> tuple[str, ...]:
    """Return the names of the gradient attacks that so many classes allow, in order."""
    by_classes = {2: ("APGD-CE",), 3: ("APGD-CE", "APGD-DLR")}
    return by_classes.get(classes, ("APGD-CE", "APGD-T"))


def break_images(
    tally: Tally,
    radius: int,
    attack: int,
    title: str,
    seed: int,
    progress: Progress,
    broken_at: int | None = None,
    among: Tensor | None = None,
) -> list[tuple[int, str]]:
    """Attack what stands at one radius with one attack, and record what breaks.

    Args:
        tally: networks, images, and what was found so far.
        radius: index of the radius.
        attack: index of the attack in the tally.
        title: the attack's name, such as ``APGD-T``.
        seed: of the random numbers; torch's global state is left as it was.
        progress: is told how far this attack has come.
        broken_at: index of a larger radius; what stands there is not attacked.
        among: shape (models, N), bool: which pairs of network and image to attack; all by default.

    Returns:
        What the engine warned about, each with the index of the network.

    Raises:
        UserError: an image is too small for Square under ℓ2; or does not fit into the device's
            memory.

    """
    if title == "Square" and not square_fits(tally):
        raise UserError(
            f"Square: expected images of {_LEAST_HEIGHT} pixels or more a side, got "
            f"{tally.pixels.shape[2]}. Choose attacks = apgd, or larger images."
        )
    owner, image = tally.standing(radius, broken_at, among)
    notes: list[tuple[int, str]] = []
    groups = list(_groups(owner, image, tally.first))
    for done, rows in enumerate(groups):
        progress(done / len(groups), title)
        model = tally.models[int(owner[rows[0]])]
        chosen = image[rows]
        with _listening() as heard, _random_state_kept(tally.pixels.device):
            examples = _examples(tally, model, radius, title, seed, chosen)
        notes += [(int(owner[rows[0]]), text) for text in heard]
        changed = (examples != tally.pixels[chosen]).flatten(1).any(1)
        tally.record(attack, radius, owner[rows[changed]], chosen[changed], examples[changed])
    progress(1.0, "")
    return notes


def square_fits(tally: Tally) -> bool:
    """Say whether Square can attack the images: under ℓ2 they can be too small."""
    return tally.norm != "l2" or tally.pixels.shape[2] >= _LEAST_HEIGHT


def _groups(owner: Tensor, image: Tensor, first: int) -> Iterator[Tensor]:
    """Yield rows of one network each, whose images' numbers lie in one batch."""
    batches = torch.stack([owner, (first + image) // BATCH], 1)
    for batch in batches.unique(dim=0):
        yield (batches == batch).all(1).nonzero()[:, 0]


def _examples(
    tally: Tally, model: nn.Module, radius: int, title: str, seed: int, image: Tensor
) -> Tensor:
    """Return the examples found, or the image where none was."""
    batch, classes = BATCH, tally.logits.shape[2]
    while True:
        engine = AutoAttack(
            model,
            norm=_NORMS[tally.norm],
            eps=tally.radius(radius),
            seed=seed,
            version="standard",
            device=tally.pixels.device,
        )
        engine.attacks_to_run = [_NAMES[title]]
        targets = min(_MOST_TARGETS, classes - 1)
        engine.apgd_targeted.n_target_classes = engine.fab.n_target_classes = targets
        try:
            found, _ = engine.run_standard_evaluation(
                tally.pixels[image], tally.labels[image], batch_size=batch
            )
        except torch.OutOfMemoryError:
            batch = halved(batch)
        else:
            return found


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect the fork's warnings instead of printing them, and leave debuggers attached."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    logger, ear, tracer = logging.getLogger(_LOGGER), Ear(logging.WARNING), sys.gettrace()
    before = logger.propagate
    logger.addHandler(ear)
    logger.propagate = False
    try:
        yield heard
    finally:
        logger.removeHandler(ear)
        logger.propagate = before
        # The fork ends its own tracing by ending all tracing.
        sys.settrace(tracer)


@contextmanager
def _random_state_kept(device: torch.device) -> Iterator[None]:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
