"""Tables of text, written as Markdown, CSV and LaTeX."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from theory.common import escaping


@dataclass(frozen=True)
class TextTable:
    """A header and rows of cells, all text.

    Raises:
        ValueError: a row has another length than the header.

    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"expected {len(self.header)} cells a row, got {list(row)}")

    def markdown(self) -> str:
        """Return a pipe table."""
        header, *rows = (map(escaping.markdown, row) for row in (self.header, *self.rows))
        lines = [header, ["---"] * len(self.header), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def csv(self) -> str:
        """Return comma-separated values with a header line."""
        out = io.StringIO()
        rows = [map(escaping.csv, row) for row in (self.header, *self.rows)]
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue()

    def latex(self) -> str:
        """Return a tabular environment; Greek letters in it need a Unicode engine."""
        lines = [" & ".join(map(escaping.latex, row)) + r" \\" for row in [self.header, *self.rows]]
        body = "\n".join([r"\hline", lines[0], r"\hline", *lines[1:], r"\hline"])
        columns = "l" * len(self.header)
        return f"\\begin{{tabular}}{{{columns}}}\n{body}\n\\end{{tabular}}\n"
