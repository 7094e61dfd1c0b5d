"""How large noise in bands is, in numbers and in words (section 4.3.2)."""

from __future__ import annotations

import math

from nn_experiments.specs import FrequencySpec


def mean_norm(shape: tuple[int, int, int], bands: int, sigma: float) -> float:
    """Return the root mean square of the noises' ℓ2 norms, over the noises and bands that can be.

    C is orthogonal, so E‖Δx⁽ⁱ⁾‖² = E‖M⁽ⁱ⁾ ⊙ δ‖² = σ² times the number of bases in the band, of all
    channels; the mean over bands is σ²·channels·height·width/bands.
    """
    return sigma * math.sqrt(math.prod(shape) / bands)


def told(spec: FrequencySpec, norm: float | None) -> str:
    """Say how large the noise is: σ, K and, where it is known, what :func:`mean_norm` returns."""
    size = "" if norm is None else f", ℓ2 norm {norm:.3g} (root mean square)"
    return f"σ = {spec.sigma:g}, K = {spec.noises}{size}"
