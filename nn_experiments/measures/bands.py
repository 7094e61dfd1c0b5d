"""Answers under noise in bands of frequencies (Observation II, section 4.3.2).

``bands/clean``, shape (N,), and ``bands/correct``, shape (bands, noises, N), bool; the value
``bands/norm`` is the root mean square ℓ2 norm of the noises.
"""

from __future__ import annotations

from dataclasses import asdict

from torch import nn

from nn_experiments.data.images import DataSet
from nn_experiments.evidence.store import Found
from nn_experiments.frequency import bands as frequency_bands
from nn_experiments.frequency import observation_two
from nn_experiments.frequency.noise_size import mean_norm
from nn_experiments.measures.measure import Cost, Measure, Pace, one_by_one
from nn_experiments.specs import FrequencySpec


def bands(spec: FrequencySpec) -> Measure:
    """Return the measure; the same noises for all images."""

    def found(model: nn.Module, data: DataSet) -> Found:
        response = observation_two.drops(model, data.test, spec)
        norm = mean_norm(data.shape, spec.bands, spec.sigma)
        right = {"bands/clean": response.clean.numpy(), "bands/correct": response.correct.numpy()}
        return Found(right, {"bands/norm": norm})

    def require(model: nn.Module, data: DataSet) -> None:
        del model
        frequency_bands.masks(*data.shape[1:], spec.bands)

    def cost(test: int, pace: Pace) -> Cost:
        number = (spec.bands * spec.noises + 1) * min(spec.images or test, test)
        what = "answers in bands (Observation II)"
        without = "--frequency.images or --frequency.noises, with fewer"
        return Cost(what, number, number * pace.answer, without)

    fields = asdict(spec)
    settings = {name: fields[name] for name in ("bands", "noises", "sigma", "images", "seed")}
    return Measure(
        "bands",
        # What was measured with noise of another size at the same σ is not read.
        settings | {"noise": "Cᵀ(M⊙δ)C"},
        one_by_one(found),
        "frequency",
        {"frequency.images": spec.images} if spec.images else {},
        require,
        cost,
    )
