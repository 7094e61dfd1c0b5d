"""Which hypotheses a proof does without: each is left out in turn, and the rest settled again.

A symbol's assumption counts as a hypothesis too: ``positive=True`` is first weakened to
``nonnegative``, then to ``real``; an integer symbol is replaced by a real one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy as sp

from theory.evidence import Argument, Claim
from theory.findings import Status
from theory.prove import settle
from theory.statements import Statement, show

_WEAKER: dict[str, tuple[dict[str, bool], ...]] = {
    "positive": ({"nonnegative": True}, {}),
    "negative": ({"nonpositive": True}, {}),
    "nonnegative": ({},),
    "nonpositive": ({},),
    "nonzero": ({},),
}


@dataclass(frozen=True)
class Unneeded:
    """A hypothesis without which a statement is still proved.

    Attributes:
        claim: id of the claim.
        obligation: name of the obligation within the claim's argument.
        hypothesis: what can be left out, or put more weakly, in words.

    """

    claim: str
    obligation: str
    hypothesis: str

    def __str__(self) -> str:
        return f"{self.claim}, {self.obligation}: {self.hypothesis}"


def without_one(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Weaken one hypothesis, or one symbol's assumptions, at a time; say which."""
    for k, hypothesis in enumerate(statement.hypotheses):
        rest = (*statement.hypotheses[:k], *statement.hypotheses[k + 1 :])
        yield show(hypothesis), Statement(statement.conclusion, rest)
    for symbol in statement.symbols:
        for said, weaker in _weaker(symbol):
            yield said, _replaced(statement, symbol, weaker)


def _weaker(symbol: sp.Symbol) -> Iterator[tuple[str, sp.Symbol]]:
    if not symbol.is_real:
        return
    signs = [name for name in _WEAKER if getattr(symbol, f"is_{name}")]
    if symbol.is_integer:
        kept = {signs[0]: True} if signs else {}
        yield f"{symbol} is an integer", sp.Symbol(symbol.name, real=True, **kept)
    kind = {"integer": True} if symbol.is_integer else {"real": True}
    for facts in _WEAKER[signs[0]] if signs else ():
        said = f"{symbol} is {signs[0]}" + "".join(f" rather than {fact}" for fact in facts)
        yield said, sp.Symbol(symbol.name, **kind, **facts)


def _replaced(statement: Statement, old: sp.Symbol, new: sp.Symbol) -> Statement:
    """Exchange a symbol; what sympy made of the old one's assumptions stays as it is."""
    swap = {old: new}
    given = tuple(h.xreplace(swap) for h in statement.hypotheses)
    return Statement(statement.conclusion.xreplace(swap), given)


def unneeded_in(statement: Statement, timeout: float = 1.0) -> list[str]:
    """Return the hypotheses, in words, of which each alone can be left out of a proved statement.

    Leaving out several of them together may still break the proof.
    """
    return [
        said
        for said, weaker in without_one(statement)
        if settle(weaker, timeout).status is Status.PROVED
    ]


def unneeded(claims: Iterable[Claim], timeout: float = 1.0) -> list[Unneeded]:
    """Report the unneeded hypotheses of everything that the claims prove by statements.

    Args:
        claims: the claims; of each, the assertion that holds: as published, and as corrected.
        timeout: seconds for each back end and question.

    """
    known: dict[Statement, list[str]] = {}
    report = []
    for claim, name, statement in proved_statements(claims):
        if statement not in known:
            holds = settle(statement, timeout).status is Status.PROVED
            known[statement] = unneeded_in(statement, timeout) if holds else []
        report += [Unneeded(claim.id, name, said) for said in known[statement]]
    return report


def proved_statements(claims: Iterable[Claim]) -> Iterator[tuple[Claim, str, Statement]]:
    """Statements that together prove a claim as published or as corrected, with their names."""
    for claim in claims:
        published = claim.published if claim.expects is Status.PROVED else None
        for argument in (published, claim.corrected):
            if isinstance(argument, Argument):
                for obligation in argument.sufficient:
                    if isinstance(obligation.statement, Statement):
                        yield claim, obligation.name, obligation.statement
