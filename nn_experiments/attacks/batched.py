"""Our own engine for APGD-CE and APGD-T, several networks at once.

It runs the algorithm of :mod:`apgd` as standard AutoAttack does: the cross-entropy first, then the
targeted DLR for each of the nine most likely other classes, 100 steps each, one start each. It is
faster because a point is dropped as soon as it is broken, because what a smaller radius broke
is not attacked again at a larger one, and because linear layers that follow one another are
multiplied out for the search (findings are checked on the network as it is).

With two or three classes the DLR, which looks at the fourth largest logit, does not exist; APGD-T
then increases the difference of two logits instead. It has the same sign and no scale to begin
with, since directions of steps are normalised.

The start of an image depends on the seed, the attack and the image's number, not on the network,
the radius or the other images: networks are compared on the same starts, and a result does not
depend, but for rounding, on how images are divided into chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nn_experiments.attacks import balls, draws, losses
from nn_experiments.attacks.apgd import Points, Search, Settings
from nn_experiments.attacks.networks import Networks, alike, folded, halved
from nn_experiments.attacks.tally import Progress, Tally
from nn_experiments.specs import Norm

NAME = "batched"
ATTACKS = ("APGD-CE", "APGD-T")

_MOST_TARGETS = 9
# Points per batch: what is fastest on a CPU, whose caches they must fit; and what fills a GPU.
_CPU_BATCH, _GPU_BATCH = 64, 1024
# Points searched together, in batches: the more, the fuller batches stay when points are dropped.
_BATCHES_TOGETHER = 4


@dataclass(frozen=True)
class Stage:
    """One of the searches that make up the two attacks.

    Attributes:
        attack: index in :data:`ATTACKS`.
        loss: what is increased.
        rank: the target has the ``rank``-th largest logit of the image, counted from 0; the
            label's is 0 where the image is classified correctly. 0: no target.

    """

    attack: int
    loss: losses.Loss
    rank: int


def stages(classes: int) -> Iterator[Stage]:
    """Yield the searches in order: one without target, then one for each target.

    Args:
        classes: how many there are, 2 or more.

    """
    yield Stage(0, losses.cross_entropy, 0)
    enough = classes >= losses.TARGETED_DLR_CLASSES
    loss = losses.targeted_dlr if enough else losses.targeted_margin
    for rank in range(1, min(_MOST_TARGETS, classes - 1) + 1):
        yield Stage(1, loss, rank)


def notes(classes: int) -> list[str]:
    """Return what is to be said about the attacks on so many classes."""
    if classes >= losses.TARGETED_DLR_CLASSES:
        return []
    return [f"APGD-T increases the difference of two logits: the DLR does not exist for {classes}"]


def starts(norm: Norm, radius: float, images: Tensor, seed: int, rank: int, n: Tensor) -> Tensor:
    """Return random points on the balls' surfaces, not yet cut off at 0 and 1.

    Args:
        norm: of the balls.
        radius: of the balls.
        images: shape (B, channels, height, width).
        seed: of the attack.
        rank: of the target, 0 for none.
        n: shape (B,), int64: the images' numbers in their data set.

    """
    draw = draws.uniforms if norm == "linf" else draws.normals
    directions = balls.normalised(draw(seed, rank, n, tuple(images.shape[1:])), norm)
    return images + radius * directions.to(images.dtype)


def break_images(
    tally: Tally,
    radius: int,
    seed: int,
    progress: Progress,
    *,
    broken_at: int | None = None,
    settings: Settings | None = None,
    batch: int | None = None,
    stacked: bool | None = None,
) -> None:
    """Attack what stands at one radius and record what breaks.

    Args:
        tally: networks, images, and what was found so far.
        radius: index of the radius.
        seed: of the starts.
        progress: is told how far this radius has come.
        broken_at: index of a larger radius; what stands there is not attacked.
        settings: of Auto-PGD.
        batch: how many points go through the networks at a time; halved where the device's memory
            is too small.
        stacked: whether all networks are evaluated in one call; by default on a GPU, if there
            are several of one architecture. (Not tried on a GPU: none was at hand.)

    Raises:
        UserError: one image does not fit into the device's memory.

    """
    on_gpu = tally.pixels.is_cuda
    if stacked is None:
        stacked = on_gpu and len(tally.models) > 1 and alike(tally.models)
    networks = Networks([folded(model) for model in tally.models], stacked)
    batch = batch or (_GPU_BATCH if on_gpu else _CPU_BATCH)
    plan = list(stages(tally.logits.shape[2]))
    for done, stage in enumerate(plan):
        progress(done / len(plan), _title(stage))
        search = Search(
            networks, batch, stage.loss, tally.norm, tally.radius(radius), settings or Settings()
        )
        batch = _run(tally, radius, broken_at, seed, stage, search)
    progress(1.0, "")


def _title(stage: Stage) -> str:
    return ATTACKS[stage.attack] + (f", target {stage.rank}" if stage.rank else "")


def _run(
    tally: Tally, radius: int, broken_at: int | None, seed: int, stage: Stage, search: Search
) -> int:
    """Run one search on all points that stand; return the batch size that memory allowed."""

    def report(found: Points, examples: Tensor) -> Tensor:
        return tally.record(stage.attack, radius, found.owner, found.number, examples)

    ranking = tally.logits.argsort(dim=2, descending=True)
    owner, image = tally.standing(radius, broken_at)
    batch, begin = search.batch, 0
    while begin < len(owner):
        rows = slice(begin, begin + _BATCHES_TOGETHER * batch)
        points = Points(
            images=tally.pixels[image[rows]],
            labels=tally.labels[image[rows]],
            targets=ranking[owner[rows], image[rows], stage.rank],
            owner=owner[rows],
            number=image[rows],
        )
        numbers = tally.first + points.number
        begin_at = starts(search.norm, search.radius, points.images, seed, stage.rank, numbers)
        try:
            replace(search, batch=batch).run(points, begin_at, report)
        except torch.OutOfMemoryError:
            batch = halved(batch)
        else:
            begin += len(points.labels)
    return batch
