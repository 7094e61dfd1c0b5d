"""Which hypotheses a proof does without: each is left out in turn, and the rest settled again.

Obligations of one argument share hypotheses, and one of them may need what another does not (that
an image has a value often needs none). So a claim is said not to need a hypothesis only if no
obligation that has it does. A symbol's assumption counts as a hypothesis too: ``positive=True`` is
first weakened to ``nonnegative``, then to ``real``; an integer symbol is replaced by a real one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy as sp

from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.prove import settle
from theory.logic.statements import Statement, show

_WEAKER: dict[str, tuple[dict[str, bool], ...]] = {
    "positive": ({"nonnegative": True}, {}),
    "negative": ({"nonpositive": True}, {}),
    "nonnegative": ({},),
    "nonpositive": ({},),
    "nonzero": ({},),
}


@dataclass(frozen=True)
class Unneeded:
    """A hypothesis that no statement by which a claim is proved needs.

    Attributes:
        claim: id of the claim.
        hypothesis: what can be left out, or put more weakly, in words.
        obligations: names of the obligations that have it.

    """

    claim: str
    hypothesis: str
    obligations: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.claim}: {self.hypothesis} ({', '.join(self.obligations)})"


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
    known: dict[Statement, dict[str, bool]] = {}
    found: dict[tuple[str, str], dict[str, bool]] = {}
    for claim, name, statement in proved_statements(claims):
        if statement not in known:
            known[statement] = _needs(statement, timeout)
        for said, needed in known[statement].items():
            found.setdefault((claim.id, said), {})[name] = needed
    return [
        Unneeded(claim, said, tuple(needs))
        for (claim, said), needs in found.items()
        if not any(needs.values())
    ]


def _needs(statement: Statement, timeout: float) -> dict[str, bool]:
    """Whether each hypothesis is needed; one without which nothing is decided counts as needed."""
    words = dict.fromkeys(said for said, _ in without_one(statement))
    if settle(statement, timeout).status is not Status.PROVED:
        return dict.fromkeys(words, True)
    idle = unneeded_in(statement, timeout)
    return {said: said not in idle for said in words}


def proved_statements(claims: Iterable[Claim]) -> Iterator[tuple[Claim, str, Statement]]:
    """Statements that together prove a claim as published or as corrected, with their names."""
    for claim in claims:
        published = claim.published if claim.expects is Status.PROVED else None
        for argument in (published, claim.corrected):
            if isinstance(argument, Argument):
                for obligation in argument.sufficient:
                    if isinstance(obligation.statement, Statement):
                        yield claim, obligation.name, obligation.statement
