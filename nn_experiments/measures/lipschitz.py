"""Bounds on a network's Lipschitz constants, by norm.

The values ``lipschitz/NORM`` have the product of the layers' upper bounds, the layers and variants;
``lipschitz_local/NORM`` is the largest gradient norm that was found, a lower bound.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from nn_experiments import lipschitz
from nn_experiments.data.images import DataSet
from nn_experiments.evidence.store import Found
from nn_experiments.measures.measure import Cost, Measure, Pace, one_by_one

BOUNDS = "Lipschitz bounds"
_JACOBIANS = 100  # images at which a lower bound on the Lipschitz constant is sought


def bounds() -> Measure:
    """Return the measure."""
    return Measure(
        "lipschitz",
        {"images": _JACOBIANS},
        one_by_one(_found),
        "lipschitz",
        require=_require,
        cost=_cost,
    )


def _require(model: nn.Module, data: DataSet) -> None:
    lipschitz.require_known(model, data.shape)


def _cost(test: int, pace: Pace) -> Cost:
    del test, pace
    return Cost(BOUNDS, 1, None, "--no-lipschitz")


def _found(model: nn.Module, data: DataSet) -> Found:
    found = lipschitz.bounds(model, data.shape)
    local = lipschitz.lower_bounds(model, data.test.first(_JACOBIANS), found)
    values = {f"lipschitz/{norm}": _bound(found, norm) for norm in lipschitz.NORMS}
    return Found({}, values | {f"lipschitz_local/{norm}": value for norm, value in local.items()})


def _bound(bounds: lipschitz.Bounds, norm: lipschitz.InducedNorm) -> dict[str, Any]:
    layers = [[layer.name, layer.upper(norm)] for layer in bounds.layerwise.layers()]
    floor = [] if bounds.floor is None else [[bounds.floor.name, bounds.floor.upper(norm)]]
    variants = {"consecutive linear layers composed": bounds.product(norm, composed=True)}
    if floor:
        variants["without the standardisation's factor"] = bounds.product(norm, floor=False)
    return {"product": bounds.product(norm), "layers": [*floor, *layers], "variants": variants}
