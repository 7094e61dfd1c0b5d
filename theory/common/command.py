"""What all commands share: exit codes, and how a user's mistake is told."""

import os
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final, NoReturn

from theory.common.console import delivering
from theory.common.errors import UserError

BAD_INPUT = 2
INTERRUPTED = 130

EXTRAS: Final = {
    "nn": ("pooch", "pyautoattack", "pydantic", "safetensors", "scipy", "torch"),
}
"""Names under which packages are imported, by the extra of ``pyproject.toml`` that has them."""


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    name = "warning" if issubclass(category, UserWarning) else category.__name__
    print(f"{name}: {message}", file=sys.stderr)


def run(command: Callable[[], int], *, resumes: bool = False) -> int:
    """Run a command; a user's mistake is one message and exit code 2, Ctrl-C is 130.

    So is a package of an extra that is not installed.

    Args:
        command: returns an exit code.
        resumes: whether an interrupted command, given again, goes on; if so, this is told, and
            the signal by which batch systems end a process counts as Ctrl-C.

    """
    try:
        with (
            warnings.catch_warnings(),
            missing_packages_told(),
            _ended_as_interrupted() if resumes else nullcontext(),
        ):
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            return command()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        remedy = "; the same command goes on from them" if resumes else ""
        print(f"interrupted; files written before are whole{remedy}", file=sys.stderr)
        return INTERRUPTED


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


@contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told of signals
        return
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


def leave(main: Callable[[], int]) -> NoReturn:
    """Run the command of this process, whatever its surroundings, and end it with the exit code.

    After an interrupt at once, as threads of a library may still be computing. They would otherwise
    outlive what they compute with, and crash.

    Args:
        main: parses the command line, runs the command and returns the exit code. Its output is
            delivered as :func:`theory.common.console.delivering` says. No window is opened,
            whatever Matplotlib is set to.

    """
    os.environ["MPLBACKEND"] = "agg"
    code = delivering(main)
    if code == INTERRUPTED:
        os._exit(code)
    sys.exit(code)
