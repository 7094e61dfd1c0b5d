"""What training runs are of, as arrays: spectra, true and initial weights, and seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from theory.common.errors import UserError

# Squares and products of numbers of this size, and of their inverses, stay within floating point.
GREATEST: Final = 1e60
# Random numbers of JAX are keyed by 32 bits.
MAX_SEED: Final = 2**32 - 1


@dataclass(frozen=True)
class Runs:
    """What S runs train on, as arrays.

    Attributes:
        sigma_tilde_sq: variances, shape (d,), or (S, d) with one row a run.
        w_star_tilde: true weights, shape (d,) or (S, d).
        w0_tilde: initial weights, shape (d,) or (S, d).
        seeds: seed of each run's minibatches, length S; runs of one seed see the same random
            numbers.
        e0_tilde: initial errors w̃(0) − w̃*, shape (d,) or (S, d), where they are known better than
            from the difference of the two in floating point; it, if None.

    """

    sigma_tilde_sq: np.ndarray
    w_star_tilde: np.ndarray
    w0_tilde: np.ndarray
    seeds: tuple[int, ...]
    e0_tilde: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "seeds", checked_seeds(self.seeds))
        for name in ("sigma_tilde_sq", "w_star_tilde", "w0_tilde"):
            object.__setattr__(self, name, _array(name, getattr(self, name)))
        d = self.d
        for name in ("sigma_tilde_sq", "w_star_tilde", "w0_tilde"):
            shape = getattr(self, name).shape
            if shape not in ((d,), (len(self.seeds), d)):
                raise UserError(
                    f"{name}: expected shape ({d},) or ({len(self.seeds)}, {d}), got {shape}"
                )
        if (self.sigma_tilde_sq < 0).any():
            raise UserError("sigma_tilde_sq: expected variances >= 0, got a negative one")

        if self.e0_tilde is not None:
            e0 = np.array(self.e0_tilde, np.float64)
            if e0.shape not in ((d,), (len(self.seeds), d)) or not np.isfinite(e0).all():
                raise UserError(
                    f"e0_tilde: expected finite numbers of shape ({d},) or ({len(self.seeds)}, "
                    f"{d}), got {self.e0_tilde!r:.200}"
                )
            object.__setattr__(self, "e0_tilde", e0)

    @property
    def initial_errors(self) -> np.ndarray:
        """Error ẽ of each run before its first update, shape (S, d)."""
        known = self.e0_tilde
        errors = self.w0_tilde - self.w_star_tilde if known is None else known
        return np.broadcast_to(errors, (len(self), self.d))

    @property
    def d(self) -> int:
        """Number of frequencies."""
        return int(self.sigma_tilde_sq.shape[-1])

    def __len__(self) -> int:
        return len(self.seeds)


def _array(name: str, values: ArrayLike) -> np.ndarray:
    try:
        array = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise UserError(f"{name}: expected an array of numbers, got {values!r}") from None
    sizes = np.abs(array)
    if not ((sizes == 0) | ((sizes >= 1 / GREATEST) & (sizes <= GREATEST))).all():
        raise UserError(
            f"{name}: expected numbers that are 0 or between {1 / GREATEST:g} and {GREATEST:g} in "
            "size, got another"
        )
    if array.ndim not in (1, 2) or array.size == 0:
        raise UserError(f"{name}: expected shape (d,) or (S, d), got {array.shape}")
    array.setflags(write=False)
    return array


def checked_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """Return seeds as integers; raises UserError if there is none, or one is out of its range."""
    if not len(seeds):
        raise UserError("seeds: expected at least one, got none")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise UserError(f"seeds: expected integers, got {seed!r}")
        if not 0 <= seed <= MAX_SEED:
            raise UserError(f"seeds: expected integers from 0 to {MAX_SEED}, got {seed}")
    return tuple(map(int, seeds))
