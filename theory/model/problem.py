"""The linear regression problem of section 4.4.1, with exact numbers, checked when built."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import sympy as sp

from theory.logic.numbers import ExactLike, exact


@dataclass(frozen=True)
class LinearProblem:
    """Over-parameterized linear regression in the frequency domain (section 4.4.1).

    Inputs are Gaussian, X̃ ~ N(0, diag(sigma_tilde_sq)), and targets are ⟨X̃, w̃*⟩. Build one with
    :meth:`of`, which accepts ordinary numbers and text.

    Attributes:
        sigma_tilde_sq: variances σ̃_i² of the d frequencies, lowest first.
        w_star_tilde: true weights w̃*, length d.
        w0_tilde: initial weights w̃(0), length d.
        eta: learning rate η > 0.
        epsilon: radius ε ≥ 0 of the ℓ2 ball of perturbations.
        irrelevant: indices of the irrelevant frequencies; these have variance zero and do not
            include the DC term 0.

    """

    sigma_tilde_sq: tuple[sp.Expr, ...]
    w_star_tilde: tuple[sp.Expr, ...]
    w0_tilde: tuple[sp.Expr, ...]
    eta: sp.Expr
    epsilon: sp.Expr
    irrelevant: frozenset[int]

    @classmethod
    def of(
        cls,
        sigma_tilde_sq: Sequence[ExactLike],
        w_star_tilde: Sequence[ExactLike],
        w0_tilde: Sequence[ExactLike],
        eta: ExactLike,
        epsilon: ExactLike = "sqrt(2)",
        irrelevant: Iterable[int] | None = None,
    ) -> Self:
        """Build a problem from numbers as people write them.

        Without ``irrelevant``, the frequencies of variance zero other than DC are irrelevant.

        Raises:
            ValueError: a value is not a finite real number, a length differs, a variance is
                negative, DC is called irrelevant, an irrelevant frequency has energy, η ≤ 0 or
                ε < 0. The message says what was expected and what arrived.

        """
        variances = _vector("sigma_tilde_sq", sigma_tilde_sq)
        zero = (i for i, variance in enumerate(variances) if i and variance == 0)
        return cls(
            variances,
            _vector("w_star_tilde", w_star_tilde),
            _vector("w0_tilde", w0_tilde),
            exact(eta, name="eta"),
            exact(epsilon, name="epsilon"),
            frozenset(zero if irrelevant is None else irrelevant),
        )

    def __post_init__(self) -> None:
        d = self.d
        if d == 0:
            raise ValueError("sigma_tilde_sq: expected at least one variance, got none")
        for name in ("sigma_tilde_sq", "w_star_tilde", "w0_tilde"):
            values = getattr(self, name)
            if len(values) != d:
                raise ValueError(
                    f"{name}: expected {d} entries, one for each entry of sigma_tilde_sq, "
                    f"got {len(values)}"
                )
            for i, value in enumerate(values):
                exact(value, name=f"{name}[{i}]")
        self._check_spectrum()
        if not exact(self.eta, name="eta") > 0:
            raise ValueError(f"eta: expected a learning rate > 0, got {self.eta}")
        if not exact(self.epsilon, name="epsilon") >= 0:
            raise ValueError(f"epsilon: expected a radius >= 0, got {self.epsilon}")

    def _check_spectrum(self) -> None:
        for i, variance in enumerate(self.sigma_tilde_sq):
            if variance < 0:
                raise ValueError(f"sigma_tilde_sq[{i}]: expected a variance >= 0, got {variance}")
        if 0 in self.irrelevant:
            raise ValueError(
                "irrelevant: expected indices from 1 on, got 0: the DC term is always relevant "
                "(section 4.4.1)"
            )
        for i in sorted(self.irrelevant, key=str):
            if type(i) is not int or not 0 < i < self.d:
                raise ValueError(f"irrelevant: expected indices from 1 to {self.d - 1}, got {i!r}")
            if self.sigma_tilde_sq[i] != 0:
                raise ValueError(
                    f"irrelevant: expected variance 0 at the irrelevant frequency {i}, "
                    f"got sigma_tilde_sq[{i}] = {self.sigma_tilde_sq[i]}"
                )

    @property
    def d(self) -> int:
        """Number of frequencies."""
        return len(self.sigma_tilde_sq)

    @property
    def relevant(self) -> tuple[int, ...]:
        """Indices of the relevant frequencies, ascending."""
        return tuple(i for i in range(self.d) if i not in self.irrelevant)

    @property
    def e0_tilde(self) -> tuple[sp.Expr, ...]:
        """Initial error ẽ(0) = w̃(0) − w̃*."""
        return tuple(w - s for w, s in zip(self.w0_tilde, self.w_star_tilde, strict=True))

    def unstable_frequencies(self) -> tuple[int, ...]:
        """Frequencies along which GD does not converge: those with ησ̃_i² ≥ 2 (see (4.12))."""
        return tuple(i for i, s in enumerate(self.sigma_tilde_sq) if self.eta * s >= 2)


def _vector(name: str, values: Sequence[ExactLike]) -> tuple[sp.Expr, ...]:
    if isinstance(values, str) or not hasattr(values, "__len__"):
        raise ValueError(f"{name}: expected a sequence of numbers, got {values!r}")
    return tuple(exact(value, name=f"{name}[{i}]") for i, value in enumerate(values))
