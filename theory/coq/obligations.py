"""The ledger's obligations, each with the lemma that a proof kernel is to accept, or why none."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy as sp

from theory.coq.emit import Lemma, at_point, for_all
from theory.coq.translate import NotExportedError
from theory.logic.evidence import Argument, Claim, Obligation
from theory.logic.findings import Counterexample, Disproof, Finding, Proof, Witness
from theory.logic.statements import Boolean, Possible, Statement


@dataclass(frozen=True)
class Exported:
    """An obligation of the ledger, on its way to the proof kernel.

    Attributes:
        claim: id of the claim.
        assertion: ``published`` or ``corrected``.
        obligation: name of the obligation.
        statement: the statement in words.
        form: class of the statement.
        back_end: what settled it; empty where nothing was asked.
        finding: class of the finding; empty where nothing was asked.
        trivial: the conclusion is literally true, or an equation of two equal sides.
        lemma: the lemma, where the obligation can be exported.
        reason: why there is no lemma.

    """

    claim: str
    assertion: str
    obligation: str
    statement: str
    form: str
    back_end: str = ""
    finding: str = ""
    trivial: bool = False
    lemma: Lemma | None = None
    reason: str = ""

    @property
    def row(self) -> str:
        """The row of the list of claims."""
        return self.claim.rsplit(".", 1)[0]

    @property
    def in_scope(self) -> bool:
        """Whether obligations of this form are exported at all."""
        return self.form in (Statement.__name__, Possible.__name__)


def export(claims: Iterable[Claim], timeout: float = 10.0) -> Iterator[Exported]:
    """Settle each obligation by its back end, and write what was found as a lemma."""
    for claim in claims:
        for assertion in ("published", "corrected"):
            argument = getattr(claim, assertion)
            if isinstance(argument, Argument):
                for name, obligation in argument.obligations.items():
                    yield _export(claim.id, assertion, name, obligation, timeout)


def _export(
    claim: str, assertion: str, name: str, obligation: Obligation, timeout: float
) -> Exported:
    statement = obligation.statement
    labels = (claim, assertion, name, str(statement), type(statement).__name__)
    if not isinstance(statement, Statement | Possible):
        return Exported(*labels, reason="about orbits of a map, by induction over its iterations")
    finding = obligation.back_end(statement, timeout)
    found = (finding.back_end, type(finding).__name__, is_trivial(statement))
    try:
        return Exported(*labels, *found, lemma=lemma_of(statement, finding))
    except NotExportedError as error:
        return Exported(*labels, *found, reason=str(error))


def lemma_of(statement: Statement | Possible, finding: Finding) -> Lemma:
    """Return the lemma that says what a finding says of a statement.

    Raises:
        NotExportedError: the finding settles nothing, or a construct is outside the fragment.

    """
    match finding, statement:
        case Proof(), Statement():
            return for_all(statement)
        case Witness(at=at), Possible(formula=formula):
            return at_point([(formula, True)], at)
        case Counterexample(at=at, statement=refuted), _:
            hypotheses = [(hypothesis, True) for hypothesis in refuted.hypotheses]
            return at_point([*hypotheses, (refuted.conclusion, False)], at)
        case Disproof(), Possible(formula=formula):
            return for_all(Statement(sp.Not(formula)))
        case Disproof(), Statement(conclusion=conclusion) if not statement.symbols:
            return at_point([(conclusion, False)], {})
    raise NotExportedError(f"not settled: {finding.explanation}")


def is_trivial(statement: Statement | Possible) -> bool:
    """Whether evaluation alone has left nothing to prove: True, or equations x = x."""
    formula = statement.conclusion if isinstance(statement, Statement) else statement.formula
    parts: tuple[Boolean, ...] = formula.args if isinstance(formula, sp.And) else (formula,)
    return all(p == sp.true or (isinstance(p, sp.Eq) and p.lhs == p.rhs) for p in parts)


def identifier(text: str) -> str:
    """Return a text as part of an identifier."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
