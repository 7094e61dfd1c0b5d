"""Population signGD followed step by step in exact arithmetic, in the spatial domain.

A step subtracts η sign(Σe), so after t steps e(t) = e(0) − ηm(t) with a vector m(t) of integers,
and no rounding ever takes place. The simulator of one problem uses neither the normalised map nor
the closed form, so that both can be compared with it; :func:`follow_many` steps the normalised map
from many starts at once, in integers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from theory.logic.exact import Surd, surd
from theory.model.dct import dct_matrix
from theory.model.problem import LinearProblem

_MANY = 10  # leaving out a tenth of the orbits pays for copying the others
Vector: TypeAlias = tuple[Surd, ...]
Array: TypeAlias = np.ndarray[Any, Any]


class PopulationSignGD:
    """signGD on the population risk in exact arithmetic over ℚ(√2, √3).

    Args:
        problem: any linear problem with d = 1, 2, 3 or 6, where C has entries in ℚ(√2, √3).

    Raises:
        NotRepresentableError: d or a number of the problem needs another surd.

    """

    def __init__(self, problem: LinearProblem) -> None:
        d, C = problem.d, dct_matrix(problem.d)
        eta = surd(problem.eta)
        self.basis = [tuple(surd(C[k, j]) for k in range(d)) for j in range(d)]
        variances = [surd(s) for s in problem.sigma_tilde_sq]
        self.e0_tilde = tuple(surd(e) for e in problem.e0_tilde)
        # Σ = CᵀΣ̃C, so a unit step along position j takes ηΣ_j from the gradient and ηC_j from ẽ.
        self._error_steps = [_scaled(column, eta) for column in self.basis]
        self._gradient_steps = [
            tuple(_weighted(variances, step, other) for other in self.basis)
            for step in self._error_steps
        ]
        self._gradient0 = tuple(_weighted(variances, self.e0_tilde, other) for other in self.basis)

    def moves(self) -> Iterator[tuple[int, ...]]:
        """Yield m(0), m(1), …: how often each spatial coordinate has been stepped down."""
        m, gradient = (0,) * len(self._gradient0), self._gradient0
        while True:
            yield m
            signs = tuple(g.sign() for g in gradient)
            m = tuple(i + s for i, s in zip(m, signs, strict=True))
            gradient = _less(gradient, self._gradient_steps, signs)

    def e_tilde(self, m: tuple[int, ...]) -> Vector:
        """Return the frequency-domain error ẽ = ẽ(0) − ηCm."""
        return _less(self.e0_tilde, self._error_steps, m)

    def trajectory(self, steps: int) -> list[Vector]:
        """Return ẽ(0), …, ẽ(steps)."""
        return [self.e_tilde(m) for m in islice(self.moves(), steps + 1)]


def _scaled(x: Vector, factor: Surd) -> Vector:
    return tuple(factor * entry for entry in x)


def _weighted(weights: list[Surd], x: Vector, y: Vector) -> Surd:
    return sum((s * a * b for s, a, b in zip(weights, x, y, strict=True)), start=Surd.of(0))


def _less(x: Vector, steps: list[Vector], counts: tuple[int, ...]) -> Vector:
    """Return x − Σ_j counts_j steps_j."""
    for step, count in zip(steps, counts, strict=True):
        if count:
            x = tuple(a - s * count for a, s in zip(x, step, strict=True))
    return x


@dataclass(frozen=True)
class SignGDLimit:
    """What population signGD does on a problem with d = 3 and σ̃2² = 0, exactly.

    Attributes:
        T: min{t ≥ 0 : |A(t)| < σ̃0²η}; 0 for a start inside.
        count: number of t < T with |A(t)| ≤ |B(t)|.
        delta_w2: Δw̃2 = w̃2(T) − w̃2(0).
        drift_of_w2: change of w̃2 from T until the limit cycle begins.
        first_sign_change: first t at which ẽ0 has the sign opposite to ẽ0(0), None if never.
        cycle_start: first iteration of the limit cycle.
        cycle: the errors ẽ on the limit cycle, in order.

    """

    T: int
    count: int
    delta_w2: Surd
    drift_of_w2: Surd
    first_sign_change: int | None
    cycle_start: int
    cycle: tuple[Vector, ...]


def follow(problem: LinearProblem, max_steps: int = 1_000_000) -> SignGDLimit:
    """Follow population signGD until it repeats a state; from any start, ties included.

    Args:
        problem: d = 3, Σ̃ = diag(σ̃0² > 0, σ̃1², 0).
        max_steps: iterations after which to give up.

    Raises:
        ValueError: no state was repeated within ``max_steps`` iterations.

    """
    orbit = PopulationSignGD(problem)
    moves = _until_repeated(orbit, max_steps)
    errors = [orbit.e_tilde(m) for m in moves]
    inside = surd(problem.eta) * Surd.sqrt(Fraction(3))
    T = next(t for t, e in enumerate(errors) if abs(e[0]) < inside)
    scale_A = surd(problem.sigma_tilde_sq[0]) * orbit.basis[0][0]
    scale_B = surd(problem.sigma_tilde_sq[1]) * orbit.basis[0][1]
    sign0 = errors[0][0].sign()
    changes = (t for t, e in enumerate(errors) if e[0].sign() == -sign0 != 0)
    start = moves.index(moves[-1])
    return SignGDLimit(
        T=T,
        count=sum(abs(scale_A * e[0]) <= abs(scale_B * e[1]) for e in errors[:T]),
        delta_w2=errors[T][2] - errors[0][2],
        drift_of_w2=errors[start][2] - errors[T][2],
        first_sign_change=next(changes, None),
        cycle_start=start,
        cycle=tuple(errors[start:-1]),
    )


def _until_repeated(orbit: PopulationSignGD, max_steps: int) -> list[tuple[int, ...]]:
    seen: set[tuple[int, ...]] = set()
    moves = []
    for m in islice(orbit.moves(), max_steps + 1):
        moves.append(m)
        if m in seen:
            return moves
        seen.add(m)
    raise ValueError(f"no limit cycle within {max_steps} iterations; allow more with max_steps")


class Start(NamedTuple):
    """Starts of the normalised map, in thirds; arrays of one shape (N,).

    Integers (of 64 bits; keep products of two entries below 2⁶³) or objects of an exact type.

    Attributes:
        a: 3a·unit.
        b: 3b·unit.
        r: 3r·unit, positive.
        unit: the unit u, positive.

    """

    a: Array
    b: Array
    r: Array
    unit: Array


class State(NamedTuple):
    """States of the normalised map: iteration, 3a·unit, 3b·unit, and c − c(0); shape (N,) each."""

    t: Array
    a: Array
    b: Array
    c: Array


def follow_many(start: Start) -> dict[str, Array]:
    """Step the normalised map (4.16) from each start, until it is on a 2-cycle or meets a tie.

    Args:
        start: starts as integers of 64 bits.

    Returns:
        Arrays of shape (N,), by name: ``tied``, whether a = 0 or |a| = |b| occurred, where the rest
        means nothing; ``T``, ``short_steps`` (the number of t < T with |a| ≤ |b|),
        ``first_sign_change`` (of a) and ``cycle_start``; ``a_T``, ``b_T``, ``c_T``, the state at T;
        ``a``, ``b``, ``c`` and ``a_next``, ``b_next``, ``c_next``, the two states of the cycle.

    """
    n = len(start.a)
    unset, zero = np.full(n, -1), np.zeros(n, dtype=np.int64)
    live = dict(zip(("a", "b", "c"), (start.a, start.b, zero), strict=True))
    live |= dict(
        zip(("a_next", "b_next", "c_next"), _image(live, start.r, start.unit), strict=True)
    )
    live |= {"r": start.r, "unit": start.unit, "index": np.arange(n), "sign0": np.sign(start.a)}
    live |= dict.fromkeys(("T", "first_sign_change", "cycle_start"), unset)
    live |= dict.fromkeys(("short_steps", "a_T", "b_T", "c_T"), zero) | {"tied": zero > 0}
    ended = {name: np.zeros_like(values) for name, values in live.items()}
    over = np.zeros(n, dtype=bool)  # noted in ``ended``; carried along until these are many
    t = 0
    while live["index"].size:
        live = _noted(live, t)
        now, then = ({k: live[k + end] for k in "abc"} for end in ("", "_next"))
        after = dict(zip("abc", _image(then, live["r"], live["unit"]), strict=True))
        closed = np.logical_and.reduce([after[k] == now[k] for k in "abc"])
        done = np.flatnonzero((closed | live["tied"]) & ~over)
        for name, values in live.items():
            ended[name][live["index"][done]] = values[done]
        over[done] = True
        live |= then | {f"{k}_next": v for k, v in after.items()}
        if _MANY * np.count_nonzero(over) >= len(over):
            live = {name: values[~over] for name, values in live.items()}
            over = over[~over]
        t += 1
    return ended


def _image(state: dict[str, Array], r: Array, unit: Array) -> tuple[Array, Array, Array]:
    """Return the map (4.16) in thirds; without ties both numerators of 2 are even."""
    a, b, c = state["a"], state["b"], state["c"]
    plus, middle, minus = np.sign(a + b), np.sign(a), np.sign(a - b)
    return (
        a - unit * (plus + middle + minus),
        b - r * ((plus - minus) // 2),
        c - (plus - 2 * middle + minus) // 2,
    )


def _noted(live: dict[str, Array], t: int) -> dict[str, Array]:
    """Note what iteration ``t`` brings, before the step."""
    a, b = np.abs(live["a"]), np.abs(live["b"])
    enters = (live["T"] < 0) & (a < 3 * live["unit"])
    T = np.where(enters, t, live["T"])
    turns = (live["first_sign_change"] < 0) & (np.sign(live["a_next"]) == -live["sign0"])
    return live | {
        "T": T,
        **{f"{k}_T": np.where(enters, live[k], live[f"{k}_T"]) for k in "abc"},
        "short_steps": live["short_steps"] + ((T < 0) & (a <= b)),
        "first_sign_change": np.where(turns, t + 1, live["first_sign_change"]),
        "cycle_start": np.full(len(a), t),
        "tied": live["tied"] | (a == 0) | (a == b),
    }
