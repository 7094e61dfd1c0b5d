"""Every display and quantitative sentence of the analysis is settled, or has a reason not to be."""

import pytest

from theory.claims import all_claims
from theory.published import coverage

IDS = {claim.id for claim in all_claims()}
# 4.16.2 is the normalised map.
OURS = ("minibatch-law.", "exact-solution.", "ratio-limits.", "4.16.2")

# Lines of the text that hold the analysis: chapter 3's theory, the background, the linear analysis
# of section 4.4, the norms of section 4.5, and the appendices 4.C and 4.D.
ANALYSIS = (
    (459, 720),
    (998, 1060),
    (1108, 1126),
    (1131, 1361),
    (1547, 1641),
    (1642, 2052),
)


def test_every_passage_has_a_claim_or_a_reason():
    for passage in coverage():
        assert passage.kind in ("display", "sentence")
        assert passage.what
        assert passage.claims or passage.reason, passage
        assert set(passage.claims) <= IDS, passage


def test_every_published_claim_has_a_passage():
    covered = {id_ for passage in coverage() for id_ in passage.claims}
    assert {id_ for id_ in IDS if not id_.startswith(OURS)} - covered == set()


@pytest.mark.parametrize("lines", ANALYSIS, ids=str)
def test_no_long_stretch_of_the_analysis_is_left_out(lines):
    """Within each range the passages follow one another without a gap of more than 30 lines."""
    first, last = lines
    ends = [first]
    for passage in coverage():
        if first <= passage.lines[0] <= last:
            assert passage.lines[0] - max(ends) <= 30, (max(ends), passage)
            ends.append(passage.lines[1])
    assert last - max(ends) <= 30


def test_passages_lie_in_the_analysis():
    for passage in coverage():
        assert passage.lines[0] <= passage.lines[1]
        assert any(a <= passage.lines[0] and passage.lines[1] <= b for a, b in ANALYSIS), passage
