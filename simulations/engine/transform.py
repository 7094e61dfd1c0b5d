"""The orthonormal DCT-II of (4.4) and its inverse, by the fast Fourier transform.

Makhoul's rearrangement: let v hold the even entries of x in order, then the odd ones in reverse,
and let V be the discrete Fourier transform of v. With c_k = √(α_k/d) and θ_k = πk/2d,

    x̃_k = c_k Re(e^{−iθ_k} V_k).

As v is real, V_{d−k} is the conjugate of V_k and e^{−iθ_{d−k}} = −i e^{iθ_k}, so for 0 < k < d/2

    x̃_{d−k} = −c_k Im(e^{−iθ_k} V_k):

the ⌊d/2⌋ + 1 numbers of a real transform give all d. (``jax.scipy.fft.dct`` is as accurate, but
takes a complex transform of all d numbers: three times as long.)
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing
from theory.model.dct import cosine, dct_scale


class Transform(NamedTuple):
    """A linear map and its inverse, along the last axis.

    Attributes:
        forward: to the frequency domain, (..., d) to (..., d).
        inverse: back, (..., d) to (..., d).

    """

    forward: Callable[[jax.Array], jax.Array]
    inverse: Callable[[jax.Array], jax.Array]


def dct(x: jax.Array) -> jax.Array:
    """Return Cx along the last axis, C of (4.4), in O(d log d); shape (..., d) as ``x``."""
    d = x.shape[-1]
    folded = jnp.concatenate([x[..., ::2], x[..., 1::2][..., ::-1]], -1)
    turned = jnp.fft.rfft(folded) * _spread(_phases(d), x)
    # From k = ⌈d/2⌉ − 1 down to 1: frequencies ⌊d/2⌋ + 1 to d − 1.
    return jnp.concatenate([turned.real, -turned.imag[..., 1 : (d + 1) // 2][..., ::-1]], -1)


def idct(x_tilde: jax.Array) -> jax.Array:
    """Return Cᵀx̃ along the last axis, the inverse of :func:`dct`; shape (..., d) as ``x_tilde``."""
    d = x_tilde.shape[-1]
    low, high = x_tilde[..., : d // 2 + 1], x_tilde[..., (d + 1) // 2 :][..., ::-1]
    # Both parts of c_k e^{−iθ_k}V_k for k = 0, …, ⌊d/2⌋. At k = 0 there is no imaginary part.
    imaginary = jnp.concatenate([jnp.zeros_like(low[..., :1]), -high], -1)[..., : d // 2 + 1]
    spectrum = jax.lax.complex(low, imaginary) * _spread(1 / _phases(d), x_tilde)
    folded = jnp.fft.irfft(spectrum, n=d)
    even, odd = folded[..., : (d + 1) // 2], folded[..., (d + 1) // 2 :][..., ::-1]
    if d % 2:
        odd = jnp.concatenate([odd, jnp.zeros_like(even[..., :1])], -1)
    return jnp.stack([even, odd], -1).reshape(*x_tilde.shape[:-1], -1)[..., :d]


@lru_cache(maxsize=32)
def _phases(d: int) -> np.ndarray:
    """Return c_k e^{−iθ_k} for k = 0, …, ⌊d/2⌋."""
    k = np.arange(d // 2 + 1)
    scale = np.where(k == 0, np.sqrt(1 / d), np.sqrt(2 / d))
    return scale * np.exp(-0.5j * np.pi * k / d)


def _spread(phases: np.ndarray, x: jax.Array) -> jax.Array:
    """Return the phases in the precision of ``x``, with as many axes."""
    kind = jnp.result_type(x.dtype, jnp.complex64)
    return jnp.asarray(phases, kind).reshape((1,) * (x.ndim - 1) + phases.shape)


def _identity(x: jax.Array) -> jax.Array:
    return x


FAST = Transform(dct, idct)
IDENTITY = Transform(_identity, _identity)


@lru_cache(maxsize=8)
def dense(d: int) -> Transform:
    """Return the products with C and Cᵀ, O(d²): the slow route that checks :data:`FAST`."""
    C = _matrix(d)

    def times(x: jax.Array, matrix: np.ndarray) -> jax.Array:
        return jnp.einsum("...j,jk->...k", x, jnp.asarray(matrix, x.dtype))

    return Transform(lambda x: times(x, C.T), lambda x: times(x, C))


def _matrix(d: int) -> np.ndarray:
    """Return C of (4.4) to a few roundings an entry, shape (d, d).

    The cosine of harmonic k at position j has the argument πm/2d with m = (2j + 1)k, and so the
    period 4d in m; harmonic 1 at position (m − 1)/2 is the same, without a large argument.
    """
    k, j = np.indices((d, d))
    m = (2 * j + 1) * k % (4 * d)
    with computing("cpu"):
        scale = compile_formula(lambda k: dct_scale(k, d))(k.astype(np.float64))
        return np.asarray(scale * compile_formula(lambda j: cosine(1, j, d))((m - 1) / 2))
