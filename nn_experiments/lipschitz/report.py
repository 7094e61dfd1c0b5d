"""What Lipschitz bounds were found, layer by layer and for the whole network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from nn_experiments.lipschitz.operator_norm import NORMS, Enclosure, InducedNorm
from theory.common.tables import TextTable

Join = Literal["sum", "side by side"]
"""How branches come together."""


@dataclass(frozen=True)
class Layer:
    """A map that is not 1-Lipschitz by itself, and its Lipschitz constant per norm.

    Attributes:
        name: where it is in the model; ``fc2 ∘ fc1`` for layers taken together.
        kind: what it is.
        inputs, outputs: shapes of one image before and after.
        constants: enclosures; the lower end is 0 where only an upper bound is known.
        seconds: how long that took.

    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    constants: dict[InducedNorm, Enclosure]
    seconds: float = 0.0

    def upper(self, norm: InducedNorm) -> float:
        """Return the upper bound."""
        return self.constants[norm].upper


@dataclass(frozen=True)
class Joined:
    """Maps of one value, added or laid side by side.

    A sum's constant is at most the sum of theirs. Side by side, the norm of a difference is that of
    the norms of theirs: in ℓ1 their sum, in ℓ2 the root of the sum of squares, in ℓ∞ the maximum.
    """

    join: Join
    branches: tuple[Chain, ...]

    def upper(self, norm: InducedNorm) -> float:
        """Return the bound, rounded up."""
        uppers = [branch.upper(norm) for branch in self.branches]
        if self.join == "side by side" and norm == "linf":
            return max(uppers)
        if self.join == "side by side" and norm == "l2":
            return math.hypot(*uppers) * (1 + 2.0**-50)
        return math.nextafter(math.fsum(uppers), math.inf)


@dataclass(frozen=True)
class Chain:
    """Maps one after another: at most the product of the constants (4.20); none is the identity."""

    parts: tuple[Layer | Joined, ...] = ()

    def upper(self, norm: InducedNorm) -> float:
        """Return the product, rounded up."""
        product = 1.0
        for part in self.parts:
            product = math.nextafter(product * part.upper(norm), math.inf)
        return product

    def layers(self) -> Iterator[Layer]:
        """Yield all layers, in the order of the model."""
        for part in self.parts:
            if isinstance(part, Joined):
                for branch in part.branches:
                    yield from branch.layers()
            else:
                yield part


@dataclass(frozen=True)
class Bounds:
    """Upper bounds on the Lipschitz constants of images ↦ logits.

    Attributes:
        layerwise: every layer by itself.
        composed: the same network, consecutive linear layers taken together.
        floor: the standardisation, whose constant its floor determines; none if there is none.

    """

    layerwise: Chain
    composed: Chain
    floor: Layer | None = None

    def product(self, norm: InducedNorm, *, composed: bool = False, floor: bool = True) -> float:
        """Return the bound on the whole network.

        Args:
            norm: of images and of logits.
            composed: take consecutive linear layers together, where that is smaller.
            floor: include the standardisation's own factor. Without it, the bound is that of
                standardised images ↦ logits.

        """
        bound = self.layerwise.upper(norm)
        if composed:
            bound = min(bound, self.composed.upper(norm))
        if self.floor is not None and floor:
            bound = math.nextafter(bound * self.floor.upper(norm), math.inf)
        return bound

    def ln_product(self, norm: InducedNorm, *, composed: bool = False, floor: bool = True) -> float:
        """Return the natural logarithm of :meth:`product`; −∞ of zero."""
        bound = self.product(norm, composed=composed, floor=floor)
        return math.log(bound) if bound else -math.inf

    def layer_sum(self, norm: InducedNorm) -> float:
        """Return the sum of the layers' bounds, which bounds nothing: a size to compare with."""
        return math.fsum(layer.upper(norm) for layer in self.layerwise.layers())

    def merged(self) -> list[Layer]:
        """Return the layers that stand for several."""
        alone = {layer.name for layer in self.layerwise.layers()}
        return [layer for layer in self.composed.layers() if layer.name not in alone]

    def all_layers(self) -> list[Layer]:
        """Return the standardisation, then every layer, then those taken together."""
        first = [self.floor] if self.floor is not None else []
        return [*first, *self.layerwise.layers(), *self.merged()]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON: ``layers`` and, per norm, ``network``."""
        return {
            "layers": [_layer_json(layer) for layer in self.all_layers()],
            "network": {norm: self._network_json(norm) for norm in NORMS},
        }

    def _network_json(self, norm: InducedNorm) -> dict[str, float]:
        found = {"sum_of_layers": self.layer_sum(norm)}
        for composed in (False, True):
            for floor in (True, False):
                key = ("_composed" if composed else "") + ("" if floor else "_without_floor")
                found["product" + key] = self.product(norm, composed=composed, floor=floor)
                found["ln_product" + key] = self.ln_product(norm, composed=composed, floor=floor)
        return found

    def table(self) -> TextTable:
        """Return a row per layer and per bound on the network; upper bounds, in each norm."""
        rows = [
            [layer.name, layer.kind, *(f"{layer.upper(norm):.4g}" for norm in NORMS)]
            for layer in self.all_layers()
        ]
        settings = [
            ("product", False, True),
            ("product, linear layers composed", True, True),
            ("product without the floor", False, False),
        ]
        for title, composed, floor in settings:
            products = [self.product(n, composed=composed, floor=floor) for n in NORMS]
            logs = [self.ln_product(n, composed=composed, floor=floor) for n in NORMS]
            rows.append([title, "network", *(f"{p:.4g}" for p in products)])
            rows.append([f"ln({title})", "network", *(f"{p:.4g}" for p in logs)])
        return TextTable(["layer", "kind", *NORMS], rows)


def _layer_json(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "inputs": list(layer.inputs),
        "outputs": list(layer.outputs),
        "seconds": round(layer.seconds, 3),
        **{
            norm: {"lower": found.lower, "upper": found.upper, "method": found.method}
            for norm, found in layer.constants.items()
        },
    }
