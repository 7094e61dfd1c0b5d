import itertools

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from simulations.engine import population
from simulations.engine.device import DeviceError, computing
from simulations.engine.population import follow_exactly, run_signgd, word_for
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.limit import closed_form
from theory.model.orbit import Start

STEPS = 12
UNIT_ROUNDOFF = 2.0**-53

# Steps move a by thirds and, with r = 1/4, b by eighths: all multiples of 1/24. So a stays at
# least 1/96 away from 0 and ±1, and a + b and a − b at least 1/120 away from 0.
STARTS = [
    NormalisedState(
        sp.Rational(i, 24) + sp.Rational(1, 96), sp.Rational(j, 24) + sp.Rational(1, 480), 1
    )
    for i in (-230, -3, 40)
    for j in (-450, 2, 30)
]


@pytest.fixture(scope="module")
def exact():
    """(a, b, c, T, Δc) of each start by exact iteration, shape (5, len(STARTS))."""
    rows = []
    for start in STARTS:
        path = [start]
        for _ in range(STEPS):
            path.append(normalised_step(path[-1], sp.Rational(1, 4)))
        T = next((t for t, state in enumerate(path) if abs(state.a) < 1), -1)
        rows.append((*path[-1], T, path[T].c - start.c))
    return np.array(rows, float).T


def deviations(exact, r=0.25, **options):
    runs = run_signgd(*np.array(STARTS, float).T, r, STEPS, device="cpu", **options)
    return np.abs(np.array(runs) - exact).max(axis=1)


# A step rounds six operations on numbers no larger than 32 in size.
TOLERANCE = STEPS * 6 * 32 * UNIT_ROUNDOFF


def test_runs_follow_the_exact_map(exact):
    assert -1 in exact[3]
    assert (exact[3] >= 0).any()
    assert deviations(exact).max() <= TOLERANCE


def test_the_form_for_a_gpu_is_the_same(exact):
    starts = np.array(STARTS, float).T
    with computing("cpu"):
        runs = population._run(*starts, np.float64(0.25), np.int32(STEPS), platform="gpu")
    assert np.abs(np.array(runs, float) - exact).max() <= TOLERANCE


def test_wrong_ratio_is_told_apart(exact):
    assert deviations(exact, r=0.25 + 1e-9).max() > TOLERANCE


def test_single_precision(exact):
    bound = TOLERANCE * 2**29
    assert TOLERANCE < deviations(exact, dtype="float32").max() <= bound


def test_a_start_inside_has_not_moved():
    runs = run_signgd([0.5, -0.5], [9.0, 9.0], [2.0, 3.0], 0.25, 10)
    assert runs.T.tolist() == [0, 0]
    assert runs.delta_c.tolist() == [0, 0]


def test_the_edge_is_outside():
    assert run_signgd([1.0], [0.0], [0.0], 0.25, 1).T.tolist() == [1]


def test_arrival_by_the_last_step_counts():
    assert run_signgd([2.5, 3.5], [0.0, 0.0], [0.0, 0.0], 0.25, 2).T.tolist() == [2, -1]


def test_more_starts_than_fit_abreast():
    many = run_signgd(*np.tile([[5.3], [8.1], [0.0]], (1, 40_000)), 0.25, 20)
    one = run_signgd([5.3], [8.1], [0.0], 0.25, 20)
    assert all((x == y[0]).all() for x, y in zip(many, one, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [1.0, 2.0], [1.0], 0.25, 5), r"a, b, c: expected one shape \(N,\)"),
        ((1.0, 1.0, 1.0, 0.25, 5), r"a, b, c: expected one shape \(N,\)"),
        (([1.0], [1.0], [1.0], 0.0, 5), "r: expected a ratio > 0, got 0.0"),
        (([1.0], [1.0], [1.0], 0.25, 0), "steps: expected an integer from 1 to 2147483647"),
        (([1.0], [1.0], [1.0], 0.25, 2**31), "steps: expected an integer from 1 to 2147483647"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        run_signgd(*arguments)


# Pairs of unit and r, for which 3r·unit is even. The first needs words of 32 bits.
LATTICES = [(720, sp.Rational(1, 4)), (7, sp.Rational(2, 21)), (12, sp.Rational(13, 6))]
WORDS = {"int32": LATTICES, "int16": LATTICES[1:]}


def lattice_starts(n, lattices=LATTICES):
    """Return n starts on each lattice, of which every third meets a tie or rests at once."""
    rng, rows = np.random.default_rng(5), []
    for unit, r in lattices:
        a, b = rng.integers(-90 * unit, 90 * unit, (2, n))
        a[::12], a[3::12], a[6::12], b[9::12] = 0, b[3::12], -b[6::12], 0
        rows.append((a, b, np.full(n, int(3 * r * unit)), np.full(n, unit)))
    return Start(*np.concatenate(rows, axis=1))


def one_by_one(start, steps):
    """Follow the starts by (4.16), in Python's integers; shape (3, N)."""

    def sign(x):
        return (x > 0) - (x < 0)

    ends = []
    for a0, b0, r, unit in zip(*(x.tolist() for x in start), strict=True):
        a, b, twice_c = a0, b0, 0
        for _ in range(steps):
            plus, middle, minus = sign(a + b), sign(a), sign(a - b)
            a -= unit * (plus + middle + minus)
            b -= r * (plus - minus) // 2
            twice_c -= plus - 2 * middle + minus
        ends.append((a, b, twice_c))
    return np.array(ends).T


def follow(start, steps, **options):
    return follow_exactly(start, steps, **{"device": "cpu", "threads": 1} | options)


# Fewer steps than are fused, as many, and several times as many with a rest.
@pytest.mark.parametrize(("n", "steps"), [(12, 3), (12, 15), (340, 1001)])
@pytest.mark.parametrize("word", WORDS)
def test_exact_runs_are_exact_ties_included(word, n, steps):
    start = lattice_starts(n, WORDS[word])
    ends = follow(start, steps)
    assert {x.dtype for x in ends} == {np.dtype(word)}
    expected = one_by_one(start, steps)
    assert np.array_equal(ends, expected)
    other_r = follow(start._replace(r=start.r + 2), steps)
    assert not np.array_equal(other_r, expected)


def test_exact_runs_follow_the_normalised_map(exact):
    unit = 160  # a, b and r/2 are multiples of 1/480
    a, b, c = (np.array([s[i] for s in STARTS]) for i in range(3))
    words = [(3 * unit * x).astype(np.int64) for x in (a, b)]
    start = Start(*words, np.full(len(STARTS), 3 * unit // 4), np.full(len(STARTS), unit))
    ends = follow(start, STEPS)
    # One rounding when an end is turned into a float64, of numbers below 32.
    shown = np.array([ends.a / (3 * unit), ends.b / (3 * unit), ends.twice_c / 2 + c.astype(float)])
    assert np.abs(shown - exact[:3]).max() <= 32 * UNIT_ROUNDOFF


def test_exact_runs_end_on_the_cycle_of_the_closed_form():
    rng, n, unit = np.random.default_rng(6), 1000, 2**10
    # 3a = 1/4 and 3b = 1/3 modulo 1 with 3r a multiple of 1/2: no tie can be met.
    a, b = rng.integers(-60, 60, (2, n)) * 6 * unit
    start = Start(2 * a + 3 * unit, 2 * b + 4 * unit, np.full(n, 18 * unit), np.full(n, 12 * unit))
    cycle = closed_form(start).cycle
    steps = int(max(state.t.max() for state in cycle))
    ends = follow(start, steps)
    state = [
        np.where((steps - cycle[0].t) % 2, then, now) for now, then in zip(*cycle, strict=True)
    ]
    assert np.array_equal(ends, [state[1], state[2], 2 * state[3]])
    before = follow(start, steps - 1)
    assert not np.array_equal(before, ends)


def test_threads_devices_and_blocks_do_not_matter():
    start = lattice_starts(12)
    many = Start(*(np.tile(x, 700) for x in start))
    one = follow(start, 50)
    ends = follow(many, 50, threads=3)
    assert all(np.array_equal(x, np.tile(y, 700)) for x, y in zip(ends, one, strict=True))
    words = population._words(start, len(start.a), np.dtype("int32"))
    with computing("cpu"):
        for fused, abreast in ((population.FUSED["gpu"], len(start.a)), (2, 8)):
            ends = population._follow(words, np.int32(50), fused=fused, abreast=abreast)
            assert np.array_equal(ends, one)


def test_no_starts_have_no_ends():
    nothing = Start(*(np.zeros(0, np.int64) for _ in range(4)))
    assert [x.shape for x in follow(nothing, 5)] == [(0,)] * 3


@pytest.mark.parametrize(
    ("word", "platform"), [("int16", "cpu"), ("int32", "cpu"), ("int32", "gpu")]
)
def test_sums_come_out_of_the_word_that_packs_them(word, platform):
    most = 2 * population.FUSED[platform]
    sums = np.array(list(itertools.product((-most, -2, 0, most), repeat=3))).T.astype(word)
    packed = population._packed(*map(jnp.asarray, sums))
    assert packed.dtype == word
    assert np.array_equal(population._unpacked(packed), sums)
    # The sums of 16 steps do not fit into 16 bits.
    packed = population._packed(*(jnp.full(1, 2 * 16, "int16") for _ in range(3)))
    assert population._unpacked(packed)[0][0] != 2 * 16


def at(a=5, b=3, r=2, unit=1, dtype=np.int64):
    return Start(*(np.array([x], dtype) for x in (a, b, r, unit)))


# |a| and |b| never exceed the larger of themselves, 3·unit and r; 2(|a| + |b|) fits into a word.
@pytest.mark.parametrize(("word", "bits"), [("int16", 14), ("int32", 30)])
def test_sums_reach_the_last_bit_of_a_word(word, bits):
    most = 2**bits - 1
    for start in (
        at(a=most // 2, b=most // 2 - most),
        at(unit=most // 6, r=(most - most // 6 * 3) // 2 * 2),
        at(a=3 - most, b=1),
    ):
        ends = follow(start, 170)
        assert ends.a.dtype == word
        assert np.array_equal(ends, one_by_one(start, 170))


def test_one_more_does_not_fit():
    most = 2**14 - 1
    assert word_for(at(a=most - 3, b=3), 5) == np.int16
    assert word_for(at(a=most - 2, b=3), 5) == np.int32


def test_words_are_as_long_as_the_steps_need():
    assert [word_for(at(), steps) for steps in (8191, 8192)] == ["int16", "int32"]
    assert word_for(at(), 5, "gpu") == np.int32
    start = at(a=600, b=-500, unit=1)
    ends = follow(start, 8191)
    assert np.array_equal(ends, one_by_one(start, 8191))


@pytest.mark.parametrize(
    ("start", "steps", "options", "message"),
    [
        (at()._replace(b=np.array([1, 2])), 5, {}, r"start: expected one shape \(N,\)"),
        (Start(*(np.array(1) for _ in range(4))), 5, {}, r"start: expected one shape \(N,\)"),
        (at(dtype=float), 5, {}, "start: expected signed integers, got .'float64'"),
        (at(a=-(2**30)), 5, {}, "start: expected integers below 2³⁰ in size"),
        (at(a=2**29, b=2**29), 5, {}, r"start: expected \|a\| \+ \|b\|, with .* below 2³⁰"),
        (at(b=2**30 - 3), 5, {}, r"start: expected \|a\| \+ \|b\|, with .* below 2³⁰"),
        (at(r=0), 5, {}, "start: expected r > 0 and unit > 0"),
        (at(unit=0), 5, {}, "start: expected r > 0 and unit > 0"),
        (at(r=3), 5, {}, "start: expected even r, .* double"),
        (at(), 0, {}, "steps: expected an integer from 1 to 536870911"),
        (at(), 2**29, {}, "steps: expected an integer from 1 to 536870911"),
        (at(), 5, {"threads": 0}, "threads: expected an integer from 1, got 0"),
    ],
)
def test_exact_runs_refuse(start, steps, options, message):
    with pytest.raises(ValueError, match=message):
        follow(start, steps, **options)


def test_exact_runs_need_a_device_that_is_there():
    with pytest.raises(DeviceError, match="got 'tpu'"):
        follow(at(), 5, device="tpu")
