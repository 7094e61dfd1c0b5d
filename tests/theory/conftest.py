"""What several files of tests share."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from theory.claims import all_claims
from theory.ledger.cache import Cache
from theory.ledger.settling import settle_claims
from theory.ledger.verify import Verdict


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where the processes of this run of the tests keep findings for each other.

    It is empty at first: each question of the ledger is settled once a run.
    """
    own = tmp_path_factory.getbasetemp()
    return (own if worker_id == "master" else own.parent) / "findings"


@pytest.fixture(scope="session")
def kept(findings: Path) -> Cache:
    with warnings.catch_warnings():
        # Of code that was edited while the tests run: then nothing is kept.
        warnings.simplefilter("ignore")
        return Cache(findings)


@pytest.fixture(scope="session")
def verdict(kept: Cache) -> Callable[[str], Verdict]:
    """The verdict of each claim by its id; settled once, by the first test that asks."""
    claims = {claim.id: claim for claim in all_claims()}

    @functools.cache
    def of(id_: str) -> Verdict:
        (only,) = settle_claims([claims[id_]], cache=kept)
        return only

    return of
