"""Mistakes of a user, told apart from mistakes of the program."""


class UserError(Exception):
    """Input that a person can mend. The message says what was expected, what arrived, what to do.

    Commands print it without a traceback and exit with code 2.
    """


def told(error: BaseException) -> str:
    """Return an error's kind and message on one line, without a full stop: ``ValueError: x``."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(".")
