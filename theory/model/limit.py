"""Where population GD and signGD end, exactly: the limits, the risks there, and their ratio.

GD keeps ẽ_i where σ̃_i² = 0 and takes the rest to zero. For signGD with d = 3 and Σ̃ =
diag(σ̃0², σ̃1², 0) this module gives a closed form, with floors and ceilings, from every start that
meets no tie (A = 0 or |A| = |B|; almost every start does not).

**The map on (|a|, |b|).** Take the normalised variables a, b, c of :mod:`theory.model.dynamics`, of
which the map commutes with the changes of sign (a, c) → (−a, −c) and b → −b. With x = |a| and y =
|b|,

* x > y (*long step*): a moves by 1 towards and possibly past zero; b and c rest;
* x < y (*short step*): a moves by 1/3 and b by r, each towards and possibly past zero; c moves by 1
  in the direction of sign a.

**1. Until T, when x < 1.** No step takes a past zero, so after t steps of which n were short,
x = x0 − t + 2n/3 and c = c0 + n sign a0. All depends on n, the *count*.

* r ≤ 1/3. A short step changes y − x by 1/3 − r ≥ 0, so that after the first short step all are
  short, and y ≥ x ≥ 1 > r keeps b from changing sign: long steps until x < max(y, 1), then short
  ones until x < 1.
* r > 1/3. Let D = y − x, ρ = r − 1/3, L = 1 + ρ. A long step (D < 0) adds 1 to D, a short one
  (D > 0) takes ρ off, so D enters [−ρ, 1) and stays: a rotation of a circle of length L by 1. From
  D_t = D_0 + t − nL ∈ [−ρ, 1) follows n = ⌊(D_0 + t + ρ)/L⌋; as long as D has not entered, n is 0
  or t, so in any case n(t) = clip(⌊(D_0 + t + ρ)/L⌋, 0, t). The n-th short step has been taken at
  iteration t_n = max(n, ⌈(nL − ρ − D_0)⌉), and the count is the first n for which x < 1 before the
  next one: t_{n+1} > x0 + 2n/3. As t_{n+1} is an integer this says t_{n+1} > ⌊x0 + 2n/3⌋; for n in
  a residue class modulo 3 both sides are affine in n, which gives the least n in each class.
* r > 1, the same as long as y ≥ r. After q = ⌊y0/r⌋ short steps y = β < r, and from then on short
  steps take |b| to r − β and back to β. Long steps until x < β, a short one, long steps until
  x < r − β; then x is below both, and all steps are short until x < 1.

**2. The transient.** For x < 1, a long step takes x to 1 − x and changes the sign of a; a short one
takes x to x − 1/3, or for x < 1/3 to 1/3 − x with a change of sign. Where y < min(x, 1 − x) long
steps repeat for ever: a 2-cycle. Where y > x and x < 1/3 the third part begins. From elsewhere at
most three steps lead to one of the two.

**3. The descent of b.** For x < 1/3 < … short steps take a to and fro between sizes x and 1/3 − x,
and y down by r, until y − kr is less than the size that a has after k steps. If it is also more
than minus that size, the 2-cycle of long steps begins. If not, b has changed sign without a long
step, and now goes to and fro between β = y − r⌊y/r⌋ and β − r: a 2-cycle of short steps.

All comparisons are made in thirds: 3a, 3b and 3r are given as multiples of 1/u for some u, so that
with integers the arithmetic is exact on whole arrays of starts at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sympy as sp

from theory.logic.exact import Surd, surd
from theory.model.dynamics import NormalisedState, denormalise, gd_converges_to, normalise
from theory.model.orbit import Array, SignGDLimit, Start, State, Vector, follow
from theory.model.problem import LinearProblem
from theory.model.risk import adversarial_risk, dual_norm, residual_variance, standard_risk


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


class ClosedForm(NamedTuple):
    """The closed form for each start; arrays of shape (N,).

    Attributes:
        at_T: the state at T = min{t ≥ 0 : |a(t)| < 1}.
        short_steps: number of t < T with |a(t)| ≤ |b(t)|, the *count*.
        first_sign_change: first t at which a has the sign opposite to a(0).
        cycle: the first two states of the limit cycle, which has period 2.

    """

    at_T: State
    short_steps: Array
    first_sign_change: Array
    cycle: tuple[State, State]


def closed_form(start: Start) -> ClosedForm:
    """Return T, the count, and the limit cycle of population signGD, from starts without ties.

    The derivation is in the module's docstring.
    """
    a, b, r, u = start
    count = _count(start)
    # x(T) < 1 ≤ x(T − 1), so T = ⌊x0 + 2n/3⌋ whichever kind the last step was, if x0 ≥ 1.
    T = _steps_below(np.abs(a) + 2 * u * count, 3 * u, 3 * u)
    at_T = State(
        T,
        a - _sign(a) * (3 * T - 2 * count) * u,
        _sign(b) * _after_short_steps(np.abs(b), r, count),
        _sign(a) * count,
    )
    settled, first_sign_change = _transient(at_T, start)
    first = _descent(settled, start)
    return ClosedForm(at_T, count, first_sign_change, (first, _step(first, start)))


def _sign(x: Array) -> Array:
    return np.where(x >= 0, 1, -1)


def _steps_below(x: Array, level: Array, size: Array) -> Array:
    """Return the least n ≥ 0 with x − n·size < level."""
    return np.where(x >= level, (x - level) // size + 1, 0)


def _count(start: Start) -> Array:
    """Return the number of short steps before x < 1."""
    a, b, r, u = start
    x, y = np.abs(a), np.abs(b)
    flat = _count_when_short_steps_stay(x, y, u)
    turning = _count_when_the_difference_turns(x, y, r, u)
    return np.where(x < 3 * u, 0, np.where(r <= u, flat, turning))


def _count_when_short_steps_stay(x: Array, y: Array, u: Array) -> Array:
    """Count for r ≤ 1/3: long steps until x < max(y, 1), then short ones until x < 1."""
    x = x - 3 * u * _steps_below(x, np.maximum(y, 3 * u), 3 * u)
    return _steps_below(x, 3 * u, u)


def _count_when_the_difference_turns(x: Array, y: Array, r: Array, u: Array) -> Array:
    """Count for r > 1/3, where D = y − x turns until y < r."""
    D, L = y - x, r + 2 * u  # 3D and 3L in units
    count = _steps_below(x, 3 * u, u)  # n of the case t_{n+1} = n + 1, all steps short
    for j in range(3):
        # For n = 3m + j: n L + 1 − D_0 > ⌊x0 + 2n/3⌋ = ⌊x0 + 2j/3⌋ + 2m, and 3L − 2 = 3r.
        excess = 3 * u * ((x + 2 * j * u) // (3 * u) - 1) + D - j * L
        count = np.minimum(count, 3 * _steps_below(excess, 0 * u, 3 * r) + j)
    q = y // r
    t = np.where(q == 0, 0, np.maximum(q, -((r - u + D - q * L) // (3 * u))))
    later = _count_when_b_toggles(x - (3 * t - 2 * q) * u, y - q * r, r, u)
    return np.where(count <= q, count, q + later)


def _count_when_b_toggles(x: Array, beta: Array, r: Array, u: Array) -> Array:
    """Count from |b| = β < r on, when short steps take |b| to r − β and back."""
    x = x - 3 * u * _steps_below(x, np.maximum(beta, 3 * u), 3 * u)
    first = np.where(x >= 3 * u, 1, 0)
    return first + _count_when_short_steps_stay(x - u * first, r - beta, u)


def _after_short_steps(y: Array, r: Array, n: Array) -> Array:
    """Return |b| times −1 for each change of its sign, after n short steps from |b| = y."""
    q = np.minimum(n, y // r)
    return y - (q + (n - q) % 2) * r


def _step(now: State, start: Start, moving: Array | bool = True) -> State:
    """Take a step where ``moving``."""
    t, a, b, c = now
    short = np.where(np.abs(a) < np.abs(b), 1, 0)
    go = np.where(moving, 1, 0)
    return State(
        t + go,
        a - go * _sign(a) * (3 - 2 * short) * start.unit,
        b - go * _sign(b) * short * start.r,
        c + go * _sign(a) * short,
    )


def _transient(now: State, start: Start) -> tuple[State, Array]:
    """Take up to three steps, to the long 2-cycles or the descent of b; first change of sign."""
    u = start.unit
    first_sign_change, same_sign = now.t + 1, True
    for _ in range(3):
        x, y = np.abs(now.a), np.abs(now.b)
        moving = (x >= u) & (y > np.minimum(x, 3 * u - x))
        same_sign = same_sign & moving & (x < y)
        first_sign_change = first_sign_change + np.where(same_sign, 1, 0)
        now = _step(now, start, moving)
    return now, first_sign_change


def _descent(now: State, start: Start) -> State:
    """Take |b| down by r a step, where x < 1/3 and x < y, to the first state of the 2-cycle."""
    t, a, b, c = now
    r, u = start.r, start.unit
    x, y = np.abs(a), np.abs(b)
    opposite = u - x
    even = 2 * _steps_below(y, x, 2 * r)
    odd = 2 * _steps_below(y - r, opposite, 2 * r) + 1
    k = np.minimum(even, odd)
    rests = np.abs(y - k * r) < np.where(k % 2 == 0, x, opposite)
    k = np.where((x < u) & (x < y), np.where(rests, k, y // r), 0)
    turned = k % 2
    return State(
        t + k,
        np.where(turned == 1, -_sign(a) * opposite, a),
        b - _sign(b) * k * r,
        c + _sign(a) * turned,
    )


def signgd_limit(problem: LinearProblem, max_steps: int = 1_000_000) -> SignGDLimit:
    """Return what population signGD does: by the closed form, or where ties may be, by its orbit.

    Args:
        problem: d = 3, Σ̃ = diag(σ̃0² > 0, σ̃1², 0), with numbers in ℚ(√2, √3).
        max_steps: iterations after which to give up following an orbit that may have ties.

    Raises:
        ValueError: the problem has another form, or an orbit that may have ties was not closed.
        NotRepresentableError: a number of the problem needs another surd.

    """
    if problem.d != 3 or problem.sigma_tilde_sq[2] != 0 or problem.sigma_tilde_sq[0] == 0:
        raise ValueError(
            "expected d = 3 with variances (positive, any, 0), got "
            f"{tuple(map(str, problem.sigma_tilde_sq))}"
        )
    ratio = problem.sigma_tilde_sq[1] / problem.sigma_tilde_sq[0]
    a, b, _ = map(surd, normalise(problem.e0_tilde, ratio, problem.eta))
    r = surd(ratio) if ratio else Surd.of(1)  # with σ̃1² = 0 there is no short step, whatever r is
    if may_tie(a, b, r):
        return follow(problem, max_steps)
    start = Start(*(np.array([x], dtype=object) for x in (3 * a, 3 * b, 3 * r, Surd.of(1))))
    return _of_problem(problem, start, closed_form(start))


def may_tie(a: Surd, b: Surd, r: Surd) -> bool:
    """Whether A = 0 or |A| = |B| can occur on some orbit with these residues of a and b.

    a moves by multiples of 1/3 and b by multiples of r, so a tie needs an integer 3a, or a
    difference 3(a ± b) of the form k + 3rj with integers k and j.
    """
    return a * 3 in _Lattice(Surd.of(1)) or any(3 * x in _Lattice(3 * r) for x in (a + b, a - b))


class _Lattice:
    """The numbers k + jw with integers k and j."""

    def __init__(self, w: Surd) -> None:
        self.w = w

    def __contains__(self, value: Surd) -> bool:
        if self.w.is_rational:  # w = p/q in lowest terms generates the multiples of 1/q
            return value.is_rational and (value.x * self.w.x.denominator).denominator == 1
        pairs = zip((value.y, value.z, value.w), (self.w.y, self.w.z, self.w.w), strict=True)
        j = next(v / w for v, w in pairs if w)
        rest = value - self.w * j
        return j.denominator == 1 and rest.is_rational and rest.x.denominator == 1


def _of_problem(problem: LinearProblem, start: Start, found: ClosedForm) -> SignGDLimit:
    """Express the closed form for one start in the problem's own units."""
    first, second = (_error_at(problem, start, state) for state in found.cycle)
    at_T = _error_at(problem, start, found.at_T)
    return SignGDLimit(
        T=int(found.at_T.t[0]),
        count=int(found.short_steps[0]),
        delta_w2=at_T[2] - surd(problem.e0_tilde[2]),
        drift_of_w2=first[2] - at_T[2],
        first_sign_change=int(found.first_sign_change[0]),
        cycle_start=int(found.cycle[0].t[0]),
        cycle=(first, second),
    )


def _error_at(problem: LinearProblem, start: Start, state: State) -> Vector:
    """Return ẽ = ẽ(0) + the change from the start, by linearity of the change of variables."""
    a, b, r = (x / 3 for x in (state.a[0] - start.a[0], state.b[0] - start.b[0], start.r[0]))
    change = NormalisedState(a.to_sympy(), b.to_sympy(), sp.Integer(state.c[0]))
    moved = denormalise(change, r.to_sympy(), problem.eta)
    return tuple(surd(e) + surd(sp.expand(m)) for e, m in zip(problem.e0_tilde, moved, strict=True))


def adversarial_risk_ratio(problem: LinearProblem) -> sp.Expr:
    """Return R_a of the signGD limit over R_a of the GD limit, exactly.

    Of signGD, the mean of R_a over the two points of the limit cycle counts, by (4.9).

    Raises:
        ValueError: a limit does not exist, or R_a of the GD limit is zero.
        NotRepresentableError: a number of the problem needs another surd.

    """
    of_gd = risks_at(problem, gd_limit(problem)).adversarial
    if of_gd == 0:
        raise ValueError("the adversarial risk of the GD limit is zero")
    cycle = signgd_limit(problem).cycle
    risks = [risks_at(problem, [x.to_sympy() for x in e]).adversarial for e in cycle]
    return sp.Add(*risks) / len(risks) / of_gd
