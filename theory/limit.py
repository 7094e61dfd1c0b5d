"""Where population GD and signGD end, exactly, and the risks there.

For signGD: T, the count, Δw̃2 and the limit cycle. The orbit is followed in the spatial domain.
There a step subtracts η sign(Σe), so after t steps e(t) = e(0) − ηm(t) with a vector m(t) of
integers, and no rounding ever takes place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

import sympy as sp

from theory.dct import dct_matrix
from theory.dynamics import gd_converges_to
from theory.exact import Surd, surd
from theory.problem import LinearProblem
from theory.risk import adversarial_risk, dual_norm, residual_variance, standard_risk

Vector = tuple[Surd, ...]


class Risks(NamedTuple):
    """Standard and adversarial risk of a weight, as exact sympy numbers."""

    standard: sp.Expr
    adversarial: sp.Expr


def risks_at(problem: LinearProblem, e_tilde: Sequence[sp.Expr]) -> Risks:
    """Return both risks of the weight w̃* + ẽ, by (4.9)."""
    w_tilde = [e + star for e, star in zip(e_tilde, problem.w_star_tilde, strict=True)]
    variance = residual_variance(problem.sigma_tilde_sq, e_tilde)
    rho = problem.epsilon * dual_norm(w_tilde, 2)
    return Risks(standard_risk(variance), adversarial_risk(variance, rho))


def A_and_B(problem: LinearProblem, e_tilde: Sequence[sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    """Return A = (√3/3)σ̃0²ẽ0 and B = (√2/2)σ̃1²ẽ1, of which (4.16) takes signs (d = 3)."""
    s0, s1, _ = problem.sigma_tilde_sq
    return sp.sqrt(3) / 3 * s0 * e_tilde[0], sp.sqrt(2) / 2 * s1 * e_tilde[1]


def predicted_ratio(problem: LinearProblem) -> tuple[sp.Expr, sp.Expr]:
    """Return the ends of the interval that (4.19) gives for R_a(signGD)/R_a(GD), as published.

    Raises:
        ValueError: |A(0)| = |B(0)|, which (4.19) leaves out.

    """
    A, B = A_and_B(problem, problem.e0_tilde)
    s0, s1, _ = problem.sigma_tilde_sq
    w0, w1, _ = problem.w_star_tilde
    if sp.Abs(A) == sp.Abs(B):
        raise ValueError("(4.19) expects |A(0)| ≠ |B(0)|")
    if sp.Abs(A) < sp.Abs(B):
        share, bounds = w0**2, (sp.Rational(1, 2), sp.Integer(2))
    else:
        share, bounds = w1**2, (sp.Rational(3, 4) * (s1 / s0) ** 2, 3 * (s1 / s0) ** 2)
    low, high = (1 + C * share / (w0**2 + w1**2) for C in bounds)
    return low, high


def gd_limit(problem: LinearProblem) -> tuple[sp.Expr, ...]:
    """Return the error ẽ that population GD converges to (the limit below (4.12)).

    Raises:
        ValueError: GD does not converge along some frequency; the message names it.

    """
    limit = []
    for i, (variance, e0) in enumerate(zip(problem.sigma_tilde_sq, problem.e0_tilde, strict=True)):
        candidates = (sp.Integer(0), e0)
        ends = (e for e in candidates if gd_converges_to(e, e0, variance, problem.eta) == sp.true)
        end = next(ends, None)
        if end is None:
            raise ValueError(
                f"GD does not converge along frequency {i}: "
                f"expected η σ̃_{i}² < 2, got {problem.eta * variance}"
            )
        limit.append(end)
    return tuple(limit)


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
        first_sign_change: first t at which ẽ0 has the sign opposite to ẽ0(0), None if never.
        cycle_start: first iteration of the limit cycle.
        errors: ẽ(t) from t = 0 until the limit cycle closes.

    """

    T: int
    count: int
    delta_w2: Surd
    first_sign_change: int | None
    cycle_start: int
    errors: tuple[Vector, ...]

    @property
    def cycle(self) -> tuple[Vector, ...]:
        """The errors ẽ on the limit cycle, in order."""
        return self.errors[self.cycle_start : -1]


def signgd_limit(problem: LinearProblem, max_steps: int = 1_000_000) -> SignGDLimit:
    """Follow population signGD exactly until it repeats a state.

    Raises:
        ValueError: the problem is not of the form d = 3, Σ̃ = diag(σ̃0² > 0, σ̃1², 0), or no state
            was repeated within ``max_steps`` iterations.

    """
    if problem.d != 3 or problem.sigma_tilde_sq[2] != 0 or problem.sigma_tilde_sq[0] == 0:
        raise ValueError(
            "expected d = 3 with variances (positive, any, 0), got "
            f"{tuple(map(str, problem.sigma_tilde_sq))}"
        )
    orbit = PopulationSignGD(problem)
    moves = _until_repeated(orbit, max_steps)
    errors = tuple(orbit.e_tilde(m) for m in moves)
    inside = surd(problem.eta) * Surd.sqrt(Fraction(3))
    T = next(t for t, e in enumerate(errors) if abs(e[0]) < inside)
    scale_A = surd(problem.sigma_tilde_sq[0]) * orbit.basis[0][0]
    scale_B = surd(problem.sigma_tilde_sq[1]) * orbit.basis[0][1]
    sign0 = errors[0][0].sign()
    start = moves.index(moves[-1])
    return SignGDLimit(
        T=T,
        count=sum(abs(scale_A * e[0]) <= abs(scale_B * e[1]) for e in errors[:T]),
        delta_w2=errors[T][2] - errors[0][2],
        first_sign_change=next(
            (t for t, e in enumerate(errors) if e[0].sign() == -sign0 != 0), None
        ),
        cycle_start=start,
        errors=errors,
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
