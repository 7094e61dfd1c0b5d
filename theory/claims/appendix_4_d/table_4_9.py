"""Table 4.9: which combinations of signs occur, and what signGD does in each."""

import sympy as sp

from theory.logic.arguments import Lemma, all_of
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.numbers import exact
from theory.logic.statements import Boolean, Possible, Statement, equal
from theory.model.dynamics import signgd_step_frequency
from theory.published import rows

_e = sp.symbols("e_0:3", real=True)
_sigma0_sq, _sigma1_sq, _eta = sp.symbols("sigma0_sq sigma1_sq eta", positive=True)
_A, _B = sp.symbols("A B", real=True)
_SCALED = {_A: sp.sqrt(3) / 3 * _sigma0_sq * _e[0], _B: sp.sqrt(2) / 2 * _sigma1_sq * _e[1]}
_COMPARISONS = {"<": sp.Lt, ">": sp.Gt, "=": sp.Eq}

_TABLE = rows("table_4_9")
_VALID = [row for row in _TABLE if row["number"] != "n/a"]


def _occurs(row: dict[str, str]) -> Boolean:
    """The signs of A, A + B and A − B are those of the row."""
    terms = {"sign_A": _A, "sign_A_plus_B": _A + _B, "sign_A_minus_B": _A - _B}
    return sp.And(*(sp.Eq(sp.sign(term), int(row[key])) for key, term in terms.items()))


def _signs(row: dict[str, str]) -> str:
    return f"({row['sign_A']}, {row['sign_A_plus_B']}, {row['sign_A_minus_B']})"


def _possibility(row: dict[str, str]) -> Lemma:
    occurs = _occurs(row)
    return Statement(sp.Not(occurs)) if row["number"] == "n/a" else Possible(occurs)


def _update(row: dict[str, str]) -> Statement:
    """Where the signs are the row's, the derived step (4.15) subtracts η times the row's vector."""
    after = signgd_step_frequency(sp.Matrix(_e), (_sigma0_sq, _sigma1_sq, sp.Integer(0)), _eta)
    printed = [exact(row[f"update_{i}"]) for i in range(3)]
    moves = (equal(after[i], _e[i] - _eta * printed[i]) for i in range(3))
    return Statement(sp.And(*moves), (_occurs(row).subs(_SCALED),))


def _comparison(row: dict[str, str]) -> Statement:
    compare = _COMPARISONS[row["comparison"]]
    return Statement(compare(sp.Abs(_A), sp.Abs(_B)), (_occurs(row),))


CLAIMS = (
    Claim(
        id="T4.9.1",
        where="§4.D.2, Table 4.9",
        says=f"Of the 27 combinations of signs {len(_VALID)} occur, and {27 - len(_VALID)} do not.",
        published=lambda: all_of(
            "each combination of (sign A, sign(A+B), sign(A−B)) occurs iff it is numbered",
            {_signs(row): _possibility(row) for row in _TABLE},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="T4.9.2",
        where="§4.D.2, Table 4.9",
        says="The update of the error in each combination that occurs.",
        published=lambda: all_of(
            "ẽ(t) − ẽ(t+1) = η × (the printed vector) in each numbered row",
            {f"row {row['number']}": _update(row) for row in _VALID},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="T4.9.3",
        where="§4.D.2, Table 4.9",
        says="How |A| compares with |B| in each combination that occurs.",
        published=lambda: all_of(
            "|A| <, = or > |B| as printed in each numbered row",
            {f"row {row['number']}": _comparison(row) for row in _VALID},
        ),
        expects=Status.PROVED,
    ),
)
