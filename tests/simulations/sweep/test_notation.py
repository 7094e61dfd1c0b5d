import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.sweep.grid import Axis, Parameter, Sweep
from simulations.sweep.notation import sweep_of, values_of
from theory.common.errors import UserError

D = Parameter("d", int, 3)
R = Parameter("r", float, 0.5)
RULE = Parameter("rule", str, "GD", ("GD", "signGD", "Adam"))
FILE = Parameter("spectrum", str, "power law")
ALL = (D, R, RULE, FILE)


def values(parameter, written):
    (axis,) = sweep_of([parameter], options=[f"{parameter.name}={written}"]).axes
    assert axis.name == parameter.name
    return axis.values


@pytest.mark.parametrize(
    ("parameter", "written", "expected"),
    [
        (D, "3,16, 64", (3, 16, 64)),
        (D, "5:8", range(5, 9)),
        (D, "1:9:5", range(1, 10, 2)),
        (D, "9:1:5", range(9, 0, -2)),
        (D, "4:4096:11:log", tuple(4 * 2**k for k in range(11))),
        (D, "8:27:4:log", (8, 12, 18, 27)),
        (R, "1/3,0.1,1e-3,2", (1 / 3, 0.1, 0.001, 2.0)),
        (R, "sqrt(2),2/3*sqrt(6)", (1.4142135623730951, 1.632993161855452)),
        (R, "0:1:5", (0.0, 0.25, 0.5, 0.75, 1.0)),
        (R, "1:0:3", (1.0, 0.5, 0.0)),
        (R, "0.01:100:5:log", (0.01, 0.1, 1.0, 10.0, 100.0)),
        (RULE, "GD,Adam", ("GD", "Adam")),
        (FILE, "power law,a:b.csv", ("power law", "a:b.csv")),
    ],
    ids=str,
)
def test_notation(parameter, written, expected):
    found = values(parameter, written)
    assert found == expected
    assert type(found) is type(expected)
    assert {type(v) for v in found} == {parameter.kind}


@settings(max_examples=30)
@given(
    st.fractions(-100, 100, max_denominator=1000),
    st.fractions(-100, 100, max_denominator=1000).filter(bool),
    st.integers(2, 50),
)
def test_equal_distances_are_so_to_rounding(first, width, count):
    last = first + width
    found = values(R, f"{first}:{last}:{count}")
    # Each number is an end plus a product: three roundings of numbers no larger than the ends and
    # their distance, besides those of the ends.
    bound = 6 * 2**-53 * (abs(first) + abs(last))
    exact = [first + width * Fraction(k, count - 1) for k in range(count)]
    errors = [abs(Fraction(f) - e) for f, e in zip(found, exact, strict=True)]
    assert max(errors) <= bound
    # The bound tells one count from the next.
    wrong = [first + width * Fraction(k, count) for k in range(count)]
    assert max(abs(Fraction(f) - e) for f, e in zip(found, wrong, strict=True)) > bound
    assert (found[0], found[-1]) == (float(first), float(last))


def test_defaults_file_and_options(tmp_path):
    file = tmp_path / "sweep.toml"
    file.write_text(
        'seeds = 4\n[axes]\nr = "0:1:3"\nd = [16]\n[fixed]\nrule = "Adam"\nspectrum = "x.csv"\n'
    )
    assert sweep_of(ALL, file, seeds=1) == Sweep(
        (Axis("d", (16,)), Axis("r", (0.0, 0.5, 1.0))),
        (("rule", "Adam"), ("spectrum", "x.csv")),
        range(4),
    )
    changed = sweep_of(ALL, file, ["rule=GD,signGD", "seeds=5:6", "r=1"], seeds=1)
    assert changed == Sweep(
        (Axis("d", (16,)), Axis("rule", ("GD", "signGD"))),
        (("r", 1.0), ("spectrum", "x.csv")),
        range(5, 7),
    )
    assert sweep_of(ALL) == Sweep(
        (), (("d", 3), ("r", 0.5), ("rule", "GD"), ("spectrum", "power law"))
    )
    # Whatever the order in which options are written, it is the same sweep.
    options = ["d=1,2", "r=1,2", "rule=GD,Adam"]
    assert {sweep_of(ALL, options=o) for o in itertools.permutations(options)} == {
        sweep_of(ALL, options=options)
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["rule=GD,Adamm"], "expected one of GD, signGD, Adam, got 'Adamm'"),
        (["beta=1"], "beta=1: unknown beta; expected d, r, rule, spectrum, seeds"),
        (["d=3.5"], "expected integers, got '3.5'"),
        (["d=GD"], "expected integers, got 'GD'"),
        (["d=3,,4"], "expected integers, got ''"),
        (["d=9223372036854775808"], "expected integers"),
        (["r=nan"], "expected numbers, got 'nan'"),
        (["r=inf"], "expected numbers, got 'inf'"),
        (["r=1e400"], "expected numbers, got '1e400'"),
        (["r=1e999999999"], "expected numbers"),
        (["r=1/0"], "expected numbers"),
        (["r="], "expected numbers, got ''"),
        (["r"], "each once, got 'r' without ="),
        (["r=1", "r=2"], "got 'r=2' given twice"),
        (["r=0.5,1/2"], "expected each value once, got 0.5 twice"),
        (["r=0,-0"], "expected each value once"),
        (["r=0:1"], "expected first:last:count or"),
        (["r=0:1:1"], "a count from 2 to 1000000"),
        (["r=0:1:99999999999"], "a count from 2 to 1000000"),
        (["r=0:1:3:lin"], "expected first:last:count or"),
        (["r=1:1:3"], "with different ends"),
        (["r=0:1:3:log"], "expected ends > 0 for numbers at equal ratios, got 0.0 and 1.0"),
        (["d=9:3"], "first:last upwards; got '9:3'"),
        (["d=1:10:4:log"], "4 numbers from 1 to 10 are not whole"),
        (["d=1:10:5"], "5 numbers from 1 to 10 are not whole"),
        (["seeds=0"], "expected how many, or first:last, got '0'"),
        (["seeds=1,2"], "expected how many, or first:last"),
        (["seeds=-1:3"], "expected how many, or first:last"),
        (["seeds=4294967297"], "expected seeds from 0 to 4294967295, got up to 4294967296"),
        (["d=1:9000000000000", "seeds=4000000"], r"got 9000000000000 \(d\) × 4000000 \(seed\)"),
    ],
    ids=str,
)
def test_bad_options(options, message):
    with pytest.raises(UserError, match=message):
        sweep_of(ALL, options=options, seeds=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[axes", "expected TOML, got what is not"),
        ("axis = 3", "expected tables axes and fixed, and a number seeds, got axis"),
        ("axes = 3", "got axes or fixed as something else"),
        ("[axes]\nr = [1]\n[fixed]\nr = 1", "expected r in axes or fixed, got both"),
        ("[axes]\nr = []", "expected 1 to 1000000 values, got 0"),
        ("[axes]\nr = [true]", "expected numbers, got True"),
        ("[axes]\nr = [[1, 2]]", r"expected numbers, got \[1, 2\]"),
        ("[axes]\nr = [nan]", "expected numbers, got nan"),
        ("[axes]\nrule = [1]", "expected one of GD, signGD, Adam, got 1"),
        ("[fixed]\nr = [1, 2]", r"expected numbers, got \[1, 2\]"),
        ("[fixed]\nr = '1,2'", "expected numbers, got 2 of them. Put them into axes"),
        ("[fixed]\nd = 3.0", "expected integers, got 3.0"),
        ("[fixed]\nseeds = 3", "expected seeds before the tables, got it in one of them"),
        ("seeds = [1, 2]", "expected integers, got"),
        ("[axes]\nbeta = [1]", "unknown beta; expected d, r, rule, spectrum"),
    ],
    ids=str,
)
def test_bad_files(tmp_path, text, message):
    file = tmp_path / "sweep.toml"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        sweep_of(ALL, file, seeds=1)


def test_what_is_missing_and_what_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"default: d: expected integers, got nothing. Say"):
        sweep_of([Parameter("d", int)])
    with pytest.raises(UserError, match=r"cannot read .*none.toml: No such file"):
        sweep_of(ALL, tmp_path / "none.toml")
    with pytest.raises(UserError, match=r"unknown seeds; expected d"):
        sweep_of([D], options=["seeds=3"])


def test_values_alone_and_where_they_are_wrong():
    assert values_of(R, "1/4,sqrt(4)", "here") == (0.25, 2.0)
    with pytest.raises(UserError, match=r"here: r: expected numbers, got 'x'"):
        values_of(R, "x", "here")
