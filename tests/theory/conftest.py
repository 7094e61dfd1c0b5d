"""What several files of tests share."""

from collections.abc import Callable
from functools import cache

import pytest

from theory.claims import all_claims
from theory.ledger.verify import Verdict, settle_claim


@pytest.fixture(scope="session")
def verdict() -> Callable[[str], Verdict]:
    """The verdict of each claim by its id; settled once, by the first test that asks."""
    claims = {claim.id: claim for claim in all_claims()}
    return cache(lambda id_: settle_claim(claims[id_]))
