"""The claims, one file for each theorem, table or group of equations.

A file defines ``CLAIMS``, a tuple of :class:`theory.evidence.Claim`. Adding a file adds its claims.
"""

import importlib
import pkgutil
from collections import Counter

from theory.evidence import Claim


def all_claims() -> tuple[Claim, ...]:
    """Return every claim, file by file.

    Raises:
        ValueError: two claims have the same id.

    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    claims = tuple(claim for module in modules for claim in module.CLAIMS)
    repeated = [id_ for id_, n in Counter(c.id for c in claims).items() if n > 1]
    if repeated:
        raise ValueError(f"expected each id once, got more than one claim for {repeated}")
    return claims
