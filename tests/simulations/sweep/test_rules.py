"""Rules as grids name them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.engine.rules import KINDS
from simulations.sweep.parameters import NUMBERS
from simulations.sweep.rules import OwnRule, read, usable


@st.composite
def own_rules(draw):
    name = draw(st.sampled_from(list(KINDS)))
    numbers = st.floats(-1e30, 1e30, allow_subnormal=False)
    own = draw(st.dictionaries(st.sampled_from(usable(name)), numbers))
    return OwnRule(name, tuple((n, own[n]) for n in NUMBERS if n in own))


@given(own_rules())
def test_what_is_written_is_read_to_the_bit(rule):
    assert OwnRule.of(str(rule)) == rule
    assert repr(OwnRule.of(str(rule))) == repr(rule)  # 0 and −0 are equal


@given(own_rules())
def test_a_sweep_reads_what_it_writes(rule):
    assert read(str(rule)) == (rule,)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Adam", "Adam"),
        ("Adam@1/8", "Adam@0.125"),
        ("Adam  eps=0 beta1=1/2", "Adam beta1=0.5 eps=0.0"),
        ("Adam learning_rate=0.1", "Adam@0.1"),
        (
            "AdamW@sqrt(4) weight_decay=0 l2_penalty=1e-3",
            "AdamW@2.0 l2_penalty=0.001 weight_decay=0.0",
        ),
    ],
)
def test_one_rule_has_one_name(written, expected):
    assert list(map(str, read(written))) == [expected]


def test_for_people_numbers_have_fewer_digits():
    (rule,) = read("Adam@1/3 beta1=2/3 eps=1e-8")
    assert rule.shown(3) == "Adam@0.333 beta1=0.667 eps=1e-08"


def test_what_a_rule_uses():
    assert usable("GD") == ("learning_rate", "l2_penalty", "weight_decay")
    for name, kind in KINDS.items():
        assert set(usable(name)) == {*usable("GD"), *kind.defaults}
