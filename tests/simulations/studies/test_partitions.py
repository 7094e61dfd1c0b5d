import json
import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp

from simulations.studies.partitions import study
from simulations.studies.partitions.checks import checks_of
from simulations.studies.partitions.experiment import (
    SUBPARTS,
    counted,
    deepest,
    fates,
    limits,
    membership,
    orbit,
    picture_of_r,
    run_experiment,
    shares,
)
from simulations.studies.partitions.settings import Partitions
from simulations.study import answer
from simulations.study.answer import answered
from simulations.study.lattice import UNIT, as_floats
from theory.common.errors import UserError
from theory.logic.exact import Surd, holds
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.orbit import follow_many
from theory.model.regions import P_PARTITION, R_PARTITION

SMALL = Partitions(points=40)
a, b, r = sp.symbols("a b r", real=True)


@pytest.fixture(scope="module")
def pictures():
    return run_experiment(SMALL, lambda done, total: None)


# --- Parts ----------------------------------------------------------------------------------------


def test_parts_are_those_of_the_predicates_in_exact_arithmetic(pictures):
    """Fractions, without floating point, at one in 37 of the starts of each picture."""
    for picture in (*pictures.of_r, *pictures.of_p):
        parts = R_PARTITION if "R11" in picture.inside else {**P_PARTITION, **SUBPARTS}
        symbolic = {name: inside(a, b, r) for name, inside in parts.items()}
        for i in range(0, len(picture.start.a), 37):
            numbers = (Fraction(int(x[i]), 3 * UNIT) for x in picture.start[:3])
            at = dict(zip((a, b, r), map(Surd.of, numbers), strict=True))
            exact = {name: holds(formula, at) for name, formula in symbolic.items()}
            assert exact == {name: bool(x.ravel()[i]) for name, x in picture.inside.items()}


def test_the_comparison_notices_a_wrong_predicate(pictures):
    """Parts of a state half as far differ from those of the state."""
    numbers = as_floats(pictures.of_r[0].start)
    right = membership(R_PARTITION, *numbers)
    wrong = membership(R_PARTITION, numbers[0] / 2, *numbers[1:])
    assert all((right[name] != wrong[name]).any() for name in R_PARTITION)


def test_starts_have_the_ratio_that_was_asked_for(pictures):
    for picture in (*pictures.of_r, *pictures.of_p):
        asked, got = Fraction(picture.ratio), Fraction(int(picture.start.r[0]), 3 * UNIT)
        assert abs(asked - got) <= Fraction(1, 3 * UNIT)
        assert asked == got or picture.ratio == "1/9"


@pytest.mark.parametrize(
    ("ratio", "overlaps", "R34"), [("1", False, True), ("1/3", False, False), ("1/4", True, False)]
)
def test_overlaps_of_r(ratio, overlaps, R34):
    """As the ledger has it: overlaps for r < 1/3 only, and R34 has an area for r > 1/3 only."""
    found = shares(picture_of_r(SMALL, ratio))
    assert bool(found["share_of_overlap"]) is overlaps
    assert (found["share_of_part"]["R34"] > 0) is R34
    assert found["share_in_no_part"] == 0
    for names in found["share_of_overlap"]:
        assert set(names.split(" and ")) <= {"R31", "R32", "R33"}
    total = sum(found["share_of_part"].values()) - sum(
        share * (names.count(" and ")) for names, share in found["share_of_overlap"].items()
    )
    assert total == pytest.approx(1, abs=1e-12)


def test_gap_of_p_at_one_third(pictures):
    """Four fifths of both axes lie beyond 1."""
    gaps = {x.ratio: shares(x)["share_in_no_part"] for x in pictures.of_p}
    assert gaps == {"1": 0, "1/3": pytest.approx(0.64), "1/9": 0}


# --- Limits ---------------------------------------------------------------------------------------


def test_limits_are_those_of_the_exact_orbits(pictures):
    """Where each cycle is, by stepping in integers instead of by the closed form."""
    for picture in pictures.of_r:
        followed = follow_many(picture.start)
        assert not followed["tied"].any()
        x, y = (np.abs(followed[k]) for k in ("a", "b"))
        u, far = UNIT, np.abs(followed["a_next"])
        long = followed["b"] == followed["b_next"]
        kind = np.where(long, np.where((x > u) & (far > u), 0, 1), 2)
        np.testing.assert_array_equal(kind, picture.limit.ravel())
        size = np.maximum(y, np.abs(followed["b_next"])) / (3 * UNIT)
        np.testing.assert_array_equal(size, picture.size_of_b.ravel())
    assert {0, 1, 2} == set(pictures.of_r[0].limit.ravel())


def test_a_cycle_in_no_part_is_an_error(pictures):
    picture = pictures.of_r[0]
    first, second = picture.found.cycle
    far = tuple(state._replace(a=state.a + 9 * UNIT) for state in (first, second))
    with pytest.raises(ArithmeticError, match="in none of R22, R31 and R34"):
        limits(picture.start, picture.found._replace(cycle=far))


def test_what_proposition_4_d_4_promises(pictures):
    found = {x.ratio: fates(x) for x in pictures.of_r}
    for name in ("R31", "R32", "R33"):
        for picture in found.values():
            assert picture["ends"][name]["R22"] == picture["ends"][name]["R34"] == 0
            assert picture["ends"][name]["R31"] > 0
    assert found["1"]["odd"]["R32"] == 0
    assert found["1"]["odd"]["R33"] == found["1"]["ends"]["R33"]["R31"]
    assert found["1/4"]["odd"]["R32"] > 0  # from overlaps with R33
    assert found["1/4"]["greatest_drift_of_c"] == 3  # (4.22) as corrected: √6 η


def test_counts_of_p(pictures):
    for picture in pictures.of_p:
        parts = counted(picture)["counts"]
        for name, count in (("P1", "0"), ("P2", "0"), ("P3", "T"), ("P5", "T")):
            assert parts[name][f"count_is_{count}"] == parts[name]["starts"]
    assert parts["P6"]["count_is_T"] < parts["P6"]["starts"]


def test_orbits_are_those_of_the_map():
    path = orbit(0.9, 2.0, 0.25)
    state = NormalisedState(sp.Rational(9, 10), sp.Integer(2), sp.Integer(0))
    for point in path[:12]:
        # Each of at most 40 steps rounds seven numbers below 4.
        assert np.abs(point - np.array(state[:2], float)).max() <= 40 * 7 * 4 * 2.0**-53
        state = normalised_step(state, sp.Rational(1, 4))
    assert np.abs(path - orbit(0.9, 2.0, 0.2501)).max() > 40 * 7 * 4 * 2.0**-53


def test_sample_orbits_start_in_their_parts(pictures):
    for picture in (*pictures.of_r, *pictures.of_p):
        parts = R_PARTITION if "R11" in picture.inside else {**P_PARTITION, **SUBPARTS}
        starts = np.array([path[0] for path in picture.orbits.values()])
        assert set(picture.orbits) == {name for name, x in picture.inside.items() if x.any()}
        many = np.resize(starts, (SMALL.points**2, 2)).T
        inside = membership(parts, *many, as_floats(picture.start)[2])
        for i, name in enumerate(picture.orbits):
            assert inside[name][i], name


def test_the_deepest_point_is_farthest_from_the_edge():
    inside = np.zeros((9, 12), bool)
    inside[1:8, 2:9] = True
    inside[0, 11] = True
    assert deepest(inside) == (4, 5)
    assert deepest(np.eye(3, dtype=bool)) == (0, 0)


def svg_title(path):
    return ET.parse(path).getroot().findtext("{http://www.w3.org/2000/svg}title")


# --- The command ----------------------------------------------------------------------------------


def test_files_and_numbers(tmp_path, pictures, monkeypatch):
    monkeypatch.setattr(study, "run_experiment", lambda settings, progress: pictures)
    text, code = answered(study.answer, SMALL, tmp_path)
    assert code == 0
    assert "R at r = 1/4: the nine parts overlap on" in text
    names = ["overlaps_of_r.csv", "parts_of_p.csv", "parts_of_r.csv", "report.md", "summary.json"]
    names += [f"figure_4_{n}.{kind}" for n, kind in product((8, 9), ("png", "svg"))]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {check["status"] for check in summary["checks"].values()} == {"simulated"}
    assert summary["results"]["simulation"]["starts"] == 5 * 40**2
    for name in ("figure_4_8", "figure_4_9"):
        assert "Partition" in svg_title(tmp_path / f"{name}.svg")


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        ("closed_form_is_the_simulation", lambda x: x["simulation"].update(T_differs=1)),
        ("stationary_parts", lambda x: x["R"]["1"]["ends"]["R32"].update(R34=1)),
        ("parity", lambda x: x["R"]["1"]["odd"].update(R32=1)),
        ("overlaps", lambda x: x["R"]["1"].update(share_of_overlap={"R31 and R33": 0.1})),
        ("overlaps", lambda x: x["R"]["1/4"].update(share_of_overlap={})),
        ("overlaps", lambda x: x["R"]["1/4"]["share_of_part"].update(R34=0.1)),
        ("gaps", lambda x: x["P"]["1"].update(share_in_no_part=0.1)),
        ("gaps", lambda x: x["P"]["1/3"].update(share_in_no_part=0.0)),
        ("counts", lambda x: x["P"]["1"]["counts"]["P3"].update(count_is_T=0)),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_each_check_can_fail(pictures, check, spoil):
    results = json.loads(json.dumps(pictures.results))
    assert {c.status for c in checks_of(results).values()} == {"simulated"}
    spoil(results)
    failed = {k for k, c in checks_of(results).items() if c.status != "simulated"}
    assert failed == {check}


@pytest.mark.parametrize("differences", [0, 1])
def test_other_ratios_and_the_exit_code(tmp_path, monkeypatch, differences):
    done = []

    def counted_wrongly(settings, progress):
        found = run_experiment(settings, progress)
        found.results["simulation"]["limit_differs"] += differences
        return found

    monkeypatch.setattr(study, "run_experiment", counted_wrongly)
    for name in ("draw_r", "draw_p"):
        monkeypatch.setattr(study, name, lambda pictures: None)
    monkeypatch.setattr(answer, "write_figure", lambda figure, path, *_, dpi: [path])
    settings = Partitions(points=40, ratios_of_r=("1/2",), ratios_of_p=("2", "0.2"))
    assert (
        answered(study.answer, settings, tmp_path, lambda *numbers: done.append(numbers))[1]
        == differences
    )
    assert done == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"points": 19}, "points: expected an integer from 20 to 2000, got 19"),
        ({"reach_of_r": 0.5}, "reach_of_r: expected a number from 1 to 100, got 0.5"),
        ({"reach_of_p": float("nan")}, "reach_of_p: expected a number from 2.5 to 100, got nan"),
        ({"ratios_of_r": ()}, "ratios_of_r: expected one to four ratios, each once"),
        ({"ratios_of_p": ("1", "1")}, "ratios_of_p: expected one to four ratios, each once"),
        (
            {"ratios_of_r": ("a third",)},
            "expected ratios from 1/100 to 10, like 1/4, got 'a third'",
        ),
        ({"ratios_of_p": ("1/0",)}, "expected ratios from 1/100 to 10, like 1/4, got '1/0'"),
        ({"ratios_of_p": ("-1",)}, "expected ratios from 1/100 to 10, like 1/4, got '-1'"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_a_mistake_is_told(settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        Partitions(**settings).check()
