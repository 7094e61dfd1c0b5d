"""Table 4.8: what zero variances look like in the spatial domain."""

import sympy as sp

from theory.logic.arguments import for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.numbers import exact
from theory.logic.statements import equal
from theory.model.dct import dct_matrix
from theory.published import rows

_X = sp.symbols("X_0:3", real=True)


def _claim(row: dict[str, str]) -> Claim:
    present = [x if flag == "1" else 0 for x, flag in zip(_X, row["variances"], strict=True)]
    spatial = dct_matrix(3).T * sp.Matrix(present)
    printed = [sum(exact(row[f"c{j}{i}"]) * _X[i] for i in range(3)) for j in range(3)]
    return Claim(
        id=f"T4.8.{row['row']}",
        where=f"§4.D.1, Table 4.8, row {row['row']}",
        says=f"The spatial form of X̃ = ({', '.join(map(str, present))}).",
        published=lambda: for_all(
            sp.And(*(equal(x, p) for x, p in zip(spatial, printed, strict=True)))
        ),
        expects=Status.PROVED,
    )


CLAIMS = tuple(map(_claim, rows("table_4_8")))
