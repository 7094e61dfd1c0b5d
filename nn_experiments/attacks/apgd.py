"""Auto-PGD: projected gradient ascent with momentum that chooses its own step sizes.

Croce and Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse
parameter-free attacks", 2020, algorithm 1. Every point is searched for itself: that others of its
batch are dropped changes nothing but rounding. Where the published code does something else than
the paper's text, this follows the code, as published robust accuracies are the code's:

- a halved step size is due if at most (text: less than) the share ρ of the steps increased the
  loss;
- the first step counts as an increase if the loss after it is positive (text: if it is larger than
  the start's);
- after a restart from the best point, momentum still comes from the last point before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from nn_experiments.attacks import balls
from nn_experiments.attacks.losses import Loss
from nn_experiments.attacks.networks import Networks
from nn_experiments.specs import Norm


@dataclass(frozen=True)
class Settings:
    """The algorithm's numbers; the defaults are the published ones."""

    steps: int = 100
    momentum: float = 0.75
    """Weight of the new step against the last one: α."""
    increases: float = 0.75
    """The share of steps that must increase the loss lest the step size be halved: ρ."""

    def checkpoints(self) -> dict[int, int]:
        """Return after which steps a step size may be halved, and how many steps each looks back.

        The first is after 22 % of the steps; each next period is shorter by 3 % of them, but not
        shorter than 6 %; periods are rounded down to whole steps, and have one or more.
        """
        period, least, shrinkage = (max(1, int(share * self.steps)) for share in (0.22, 0.06, 0.03))
        found, step = {}, period
        while step <= self.steps:
            found[step] = period
            period = max(period - shrinkage, least)
            step += period
        return found


@dataclass(frozen=True)
class Rows:
    """Tensors whose first axes belong together."""

    def at(self, rows: Tensor) -> Self:
        """Return the rows with some indices, or where a mask is true."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True)
class Points(Rows):
    """What is to be searched.

    Attributes:
        images: shape (B, channels, height, width), float, values in [0, 1].
        labels: shape (B,), int64.
        targets: shape (B,), int64; a loss without target does not look at it.
        owner: shape (B,), int64, ascending: which network each point is for.
        number: shape (B,), int64: anything that tells points apart to the caller.

    """

    images: Tensor
    labels: Tensor
    targets: Tensor
    owner: Tensor
    number: Tensor


@dataclass(frozen=True)
class _State(Rows):
    """Where the search of each point has come to."""

    now: Tensor
    before: Tensor
    gradient: Tensor
    best: Tensor
    best_gradient: Tensor
    best_loss: Tensor
    last_loss: Tensor
    checkpoint_loss: Tensor
    increased: Tensor
    step_size: Tensor
    halved: Tensor


@dataclass(frozen=True)
class Best:
    """The points of largest loss, of those points that were not dropped.

    Attributes:
        points: shape (B', channels, height, width).
        losses: shape (B',).

    """

    points: Tensor
    losses: Tensor


Report = Callable[[Points, Tensor], Tensor]
"""Is shown points and where they have come to, all of them apparently misclassified there; returns
shape (B,), bool: which to drop from the search."""


@dataclass(frozen=True)
class Search:
    """One run of Auto-PGD, from one start each.

    Attributes:
        networks: which to attack.
        batch: how many points go through them at a time.
        loss: what to increase.
        norm: of the balls.
        radius: of the balls.
        settings: the algorithm's numbers.

    """

    networks: Networks
    batch: int
    loss: Loss
    norm: Norm
    radius: float
    settings: Settings

    def run(self, points: Points, starts: Tensor, report: Report) -> Best:
        """Search, and report whatever is misclassified as soon as it is.

        Args:
            points: what to search.
            starts: where to begin, shape of ``points.images``; cut off at 0 and 1.
            report: decides what is dropped.

        Returns:
            The best points of what was not dropped.

        """
        starts = starts.clamp(0.0, 1.0)
        logits, losses, gradients = self._evaluate(points, starts)
        state = self._initial(starts, losses, gradients)
        points, state = self._drop(points, state, logits, report)
        checkpoints = self.settings.checkpoints()
        for step in range(1, self.settings.steps + 1):
            if not len(points.labels):
                break
            now = self._next(points, state, first=step == 1)
            logits, losses, gradients = self._evaluate(points, now)
            state = _arrived(state, now, losses, gradients)
            points, state = self._drop(points, state, logits, report)
            if step in checkpoints:
                state = _reviewed(state, self.settings.increases * checkpoints[step])
        return Best(state.best, state.best_loss)

    def _evaluate(self, points: Points, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        def loss_of(logits: Tensor, rows: Tensor) -> Tensor:
            return self.loss(logits, points.labels[rows], points.targets[rows])

        return self.networks.gradients(x, points.owner, loss_of, self.batch)

    def _initial(self, starts: Tensor, losses: Tensor, gradients: Tensor) -> _State:
        return _State(
            now=starts,
            before=starts,
            gradient=gradients,
            best=starts,
            best_gradient=gradients,
            best_loss=losses,
            last_loss=torch.zeros_like(losses),
            checkpoint_loss=losses,
            increased=torch.zeros_like(losses),
            step_size=torch.full_like(losses, 2 * self.radius)[:, None, None, None],
            # Nothing was compared yet, so that the first checkpoint looks at increases alone.
            halved=torch.ones_like(losses, dtype=torch.bool),
        )

    def _next(self, points: Points, state: _State, first: bool) -> Tensor:
        """Return z = P(x + η s), then P(x + α (z − x) + (1 − α) (x − x₋₁)); α = 1 at first."""
        weight = 1.0 if first else self.settings.momentum
        ascent = state.step_size * balls.steepest(state.gradient, self.norm)
        ahead = balls.project(state.now + ascent, points.images, self.norm, self.radius)
        momentum = (state.now - state.before) * (1 - weight)
        moved = state.now + (ahead - state.now) * weight + momentum
        return balls.project(moved, points.images, self.norm, self.radius)

    def _drop(
        self, points: Points, state: _State, logits: Tensor, report: Report
    ) -> tuple[Points, _State]:
        # Where logits are no numbers there is no class; whoever is shown such points says so.
        broken = (logits.argmax(1) != points.labels) | ~logits.isfinite().all(1)
        if not broken.any():
            return points, state
        dropped = broken.clone()
        dropped[broken] = report(points.at(broken), state.now[broken])
        if not dropped.any():
            return points, state
        return points.at(~dropped), state.at(~dropped)


def _arrived(state: _State, now: Tensor, losses: Tensor, gradients: Tensor) -> _State:
    better = losses > state.best_loss
    wide = better[:, None, None, None]
    return replace(
        state,
        now=now,
        before=state.now,
        gradient=gradients,
        best=torch.where(wide, now, state.best),
        best_gradient=torch.where(wide, gradients, state.best_gradient),
        best_loss=torch.where(better, losses, state.best_loss),
        last_loss=losses,
        increased=state.increased + (losses > state.last_loss),
    )


def _reviewed(state: _State, enough: float) -> _State:
    """Halve step sizes that are too large, and return to the best point there.

    They are too large where the loss increased in no more than ``enough`` of the steps since the
    last checkpoint; or where the step size was not halved at the last checkpoint, and yet the best
    loss is still the same.
    """
    stalled = ~state.halved & (state.checkpoint_loss >= state.best_loss)
    halve = (state.increased <= enough) | stalled
    wide = halve[:, None, None, None]
    return replace(
        state,
        now=torch.where(wide, state.best, state.now),
        gradient=torch.where(wide, state.best_gradient, state.gradient),
        step_size=torch.where(wide, state.step_size / 2, state.step_size),
        checkpoint_loss=state.best_loss,
        increased=torch.zeros_like(state.increased),
        halved=halve,
    )
