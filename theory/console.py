"""Tables on a terminal, or in a log."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from theory.tables import TextTable


def print_table(
    table: TextTable, *, width: int = 140, unbroken: int = 0, error: bool = False
) -> None:
    """Print a table to standard output, or to standard error.

    Args:
        table: what to print.
        width: in letters, where the output is not a terminal.
        unbroken: how many columns, from the left, are not broken into lines.
        error: whether to print to standard error.

    """
    console = Console(stderr=error)
    if not console.is_terminal:
        console = Console(width=width, stderr=error)
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(table.header):
        shown.add_column(column, no_wrap=i < unbroken, overflow="fold")
    for row in (map(Text, row) for row in table.rows):
        shown.add_row(*row)
    console.print(shown)
