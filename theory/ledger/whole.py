"""The verdicts of the whole ledger, recalled where nothing has changed."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theory.common.errors import UserError
from theory.common.plurals import counted
from theory.ledger.cache import Cache
from theory.ledger.display import Progress
from theory.ledger.settling import settle_claims
from theory.ledger.snapshot import read_snapshot, write_snapshot
from theory.ledger.verify import Verdict
from theory.logic.evidence import Claim


@dataclass(frozen=True)
class Ledger:
    """All claims, and how they are settled.

    Attributes:
        every: returns all claims.
        named: returns those of an id or a row, without building the others; none if there is none.
        timeout: seconds for each question to a solver.
        processes: how many settle at once.
        cache: folder of findings of earlier runs; None recalls nothing and keeps nothing.
        simulation: the ``checks`` of a simulation's evidence file, by name.

    """

    every: Callable[[], Sequence[Claim]]
    named: Callable[[str], Sequence[Claim]]
    timeout: float
    processes: int
    cache: Path | None
    simulation: Mapping[str, Any]

    def verdicts(self) -> tuple[list[Verdict], str]:
        """Return the verdicts of all claims, and a note on what was recalled."""
        known = self._kept()
        if known is not None:
            return known, (
                f"Nothing has changed: all is recalled from {self.cache} (--no-cache settles "
                "afresh)."
            )
        cache = Cache(self.cache)
        verdicts = self._settled(self.every, cache)
        cache.prune()
        write_snapshot(self.cache, self.timeout, verdicts)
        recalled = f", {cache.recalled} recalled from {self.cache}" * bool(cache.recalled)
        return verdicts, f"{counted(cache.settled, 'question')} settled{recalled}."

    def verdicts_of(self, name: str) -> list[Verdict]:
        """Return the verdicts of the claims of an id or row.

        Raises:
            UserError: there is none.

        """
        known = self._kept()
        if known is None:
            return self._settled(lambda: self._of(name), Cache(self.cache))
        wanted = chosen([v.claim for v in known], name)
        return [v for v in known if any(v.claim is claim for claim in wanted)]

    def _kept(self) -> list[Verdict] | None:
        return read_snapshot(self.cache, self.timeout, self.simulation)

    def _settled(self, build: Callable[[], Sequence[Claim]], cache: Cache) -> list[Verdict]:
        options: Any = {"cache": cache, "processes": self.processes}
        with Progress() as progress:
            return settle_claims(
                build(), self.simulation, self.timeout, progress=progress, **options
            )

    def _of(self, name: str) -> Sequence[Claim]:
        return self.named(name) or chosen(self.every(), name)


def chosen(claims: Sequence[Claim], name: str) -> list[Claim]:
    """Return the claims of an id, or of a row.

    Raises:
        UserError: there is none.

    """
    found = [c for c in claims if c.id == name] or [c for c in claims if c.row == name]
    if not found:
        names = list(dict.fromkeys(n for c in claims for n in (c.id, c.row)))
        near = difflib.get_close_matches(name, names, n=5, cutoff=0.3)
        hint = f"Near it: {', '.join(near)}." if near else "Nothing is near it."
        raise UserError(f"--claim: {name!r} is no claim and no row. {hint} See --list.")
    return found
