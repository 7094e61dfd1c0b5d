"""What all commands share: exit codes, and how a user's mistake is told."""

import sys
from collections.abc import Callable

from theory.errors import UserError

BAD_INPUT = 2
INTERRUPTED = 130


def run(command: Callable[[], int]) -> int:
    """Run a command; a user's mistake is one message and exit code 2, Ctrl-C is 130."""
    try:
        return command()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted; files written before are whole", file=sys.stderr)
        return INTERRUPTED
