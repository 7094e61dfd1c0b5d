"""What a way to test networks is: a name, all that its result depends on, and what it will cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from nn_experiments.data.images import DataSet
from nn_experiments.evidence.store import Found
from nn_experiments.models.answers import NoAnswerError

Part = str
"""What can be measured by itself: ``robustness``, ``frequency``, ``lipschitz``; the empty one is
always measured."""
PARTS: tuple[Part, ...] = ("robustness", "frequency", "lipschitz")

_VERSION = 2  # of what files of measures hold; a change measures anew


@dataclass(frozen=True)
class Pace:
    """What the work consists of, in seconds on one machine.

    Attributes:
        step: of a training step on a full minibatch, by what :func:`nn_experiments.flow.estimate`
            tells trainings apart by.
        answer: of a network's answer to one image.
        gradient: of an answer and its gradient with respect to one image.

    """

    step: Mapping[Any, float]
    answer: float
    gradient: float


@dataclass(frozen=True)
class Cost:
    """What one network's measure takes.

    Attributes:
        what: is done; costs of one name are told together.
        number: how often.
        seconds: that all of it takes, in one process; None where it is not foretold.
        without: the option that leaves it out, or less of it.

    """

    what: str
    number: int
    seconds: float | None
    without: str = ""


def _accept(model: nn.Module, data: DataSet) -> None:
    del model, data


@dataclass(frozen=True)
class Measure:
    """One way to test networks.

    Attributes:
        name: what it is called.
        settings: all that its result depends on, besides the network and the test images.
        measure: given networks and the data set, returns what it finds of each.
        part: one of :data:`PARTS`, or the empty one.
        images: how many test images are asked for, by the name of the setting that does.
        require: given a fresh network and the data, raises where they cannot be measured.
        cost: given the number of test images and the pace here, says what one network takes.
        weight: about how long it takes, in any unit: attacks minutes, others seconds.

    """

    name: str
    settings: Mapping[str, Any]
    measure: Callable[[Sequence[nn.Module], DataSet], list[Found]]
    part: Part = ""
    images: Mapping[str, int] = field(default_factory=dict)
    require: Callable[[nn.Module, DataSet], None] = _accept
    cost: Callable[[int, Pace], Cost] | None = None
    weight: float = 1.0

    @property
    def file(self) -> str:
        """Name of its file in a run's folder: the name, and a digest of the settings."""
        text = json.dumps([_VERSION, self.name, self.settings], sort_keys=True)
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.safetensors"


def one_by_one(
    measure: Callable[[nn.Module, DataSet], Found],
) -> Callable[[Sequence[nn.Module], DataSet], list[Found]]:
    """Return a measure of several networks that measures each by itself."""

    def measured(models: Sequence[nn.Module], data: DataSet) -> list[Found]:
        found = []
        for network, model in enumerate(models):
            try:
                found.append(measure(model, data))
            except NoAnswerError as error:
                error.network = network
                raise
        return found

    return measured
