"""How large noise in bands is, in numbers and in words (section 4.3.2)."""

from __future__ import annotations

import math


def mean_norm(shape: tuple[int, int, int], bands: int, sigma: float) -> float:
    """Return the root mean square of the noises' ℓ2 norms, over the noises and bands that can be.

    C is orthogonal, so E‖Δx⁽ⁱ⁾‖² = E‖M⁽ⁱ⁾ ⊙ δ‖² = σ² times the number of bases in the band, of all
    channels; the mean over bands is σ²·channels·height·width/bands.
    """
    return sigma * math.sqrt(math.prod(shape) / bands)


def told(sigma: float, noises: int | None, norm: float | None) -> str:
    """Say how large the noise is: σ, K if there is one, and what :func:`mean_norm` returns."""
    number = "" if noises is None else f", K = {noises}"
    size = "" if norm is None else f", ℓ2 norm {norm:.3g} (root mean square)"
    return f"σ = {sigma:g}{number}{size}"
