"""Packages that only an extra of the project installs, and what is said where one is missing."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from theory.common.errors import UserError

EXTRAS: Final = {
    "nn": ("pooch", "pyautoattack", "pydantic", "safetensors", "scipy", "torch"),
}
"""Names under which packages are imported, by the extra of ``pyproject.toml`` that has them."""


@contextmanager
def missing_packages_told() -> Iterator[None]:
    """Turn an import that fails for want of an extra into one message.

    Raises:
        UserError: a package of an extra is not installed; the extra is named.
        ModuleNotFoundError: another module is missing.

    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extras = [extra for extra, packages in EXTRAS.items() if package in packages]
        if not extras:
            raise
        python = shlex.quote(sys.executable)
        commands = " or ".join(f"{python} -m pip install --editable '.[{e}]'" for e in extras)
        raise UserError(
            f"expected the package {package}, which is not installed: it comes with the extra "
            f"{' or '.join(extras)}. In the project's folder: {commands}."
        ) from error
