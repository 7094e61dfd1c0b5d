import json
import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import scipy.stats

from simulations.engine.spectrum import (
    Fixed,
    Irrelevant,
    Normal,
    PowerLaw,
    Regression,
    Runs,
    Variances,
    measured,
)
from theory.common.errors import UserError

NAN, INF = math.nan, math.inf


# Spectra


def test_power_law():
    values = PowerLaw(4, 2.0, scale=9.0).values
    # One power and one product round: 2u of each value.
    np.testing.assert_allclose(values, [9.0, 9 / 4, 1.0, 9 / 16], rtol=2 * 2.0**-53)
    assert PowerLaw(3, 0.0).values == (1.0, 1.0, 1.0)
    assert len(PowerLaw(4096, 1.5).values) == 4096


def test_specs_are_frozen_and_hashable():
    problem = Regression(PowerLaw(8, 1.0), Irrelevant.highest(2, 8))
    assert hash(problem) == hash(Regression(PowerLaw(8, 1.0), Irrelevant((6, 7))))
    with pytest.raises(FrozenInstanceError):
        problem.target = Normal(2.0)


@pytest.mark.parametrize("energy", [0.0, 1e-9])
def test_irrelevant_frequencies_have_their_energy(energy):
    problem = Regression(PowerLaw(5, 1.0), Irrelevant((1, 4), energy))
    expected = np.array([1, energy, 1 / 3, 1 / 4, energy])
    np.testing.assert_allclose(problem.sigma_tilde_sq, expected, rtol=2 * 2.0**-53)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Variances(()), "d: expected an integer from 1 to .*, got 0"),
        (lambda: Variances((1.0, -2.0)), "variances: expected numbers >= 0, got -2"),
        (lambda: Variances((0.0, 0.0)), "at least one > 0"),
        (lambda: Variances((1.0, NAN)), r"variances\[1\]: expected 0 or a number"),
        (lambda: Variances((INF,)), r"variances\[0\]: .* got inf"),
        (lambda: Variances((1e300,)), r"between 1e-60 and 1e\+60 in size, got 1e\+300"),
        (lambda: Variances((1e-300,)), "got 1e-300"),
        (lambda: Variances(("one",)), r"variances\[0\]: expected a number, got 'one'"),
        (lambda: Variances((1.0, True)), r"variances\[1\]: expected a number, got True"),
        (lambda: Variances((10**400,)), r"variances\[0\]: expected 0 or a number between"),
        (lambda: PowerLaw(0, 1.0), "d: expected an integer from 1"),
        (lambda: PowerLaw(2.5, 1.0), "d: .* got 2.5"),
        (lambda: PowerLaw(True, 1.0), "d: .* got True"),
        (lambda: PowerLaw(10**9, 1.0), "d: .* to 1048576, got 1000000000"),
        (lambda: PowerLaw(3, -1.0), "alpha: expected an exponent >= 0"),
        (lambda: PowerLaw(3, NAN), "alpha: expected"),
        (lambda: PowerLaw(3, "2"), "alpha: expected a number, got '2'"),
        (lambda: PowerLaw(3, 1.0, 0.0), "scale: expected a variance > 0"),
        (lambda: PowerLaw(1000, 50.0), "alpha: .* got 1e-150 at the last of 1000"),
        (lambda: Irrelevant((0,)), "the DC term 0 is always relevant"),
        (lambda: Irrelevant((-1,)), "from 1 on, got -1"),
        (lambda: Irrelevant((1.0,)), "from 1 on, got 1.0"),
        (lambda: Irrelevant((2, 2)), "each frequency once"),
        (lambda: Irrelevant((1,), -1e-3), "energy: expected a variance >= 0"),
        (lambda: Irrelevant((1,), NAN), "energy: expected"),
        (lambda: Irrelevant.highest(3, 3), "from 0 to 2 frequencies, got 3"),
        (lambda: Normal(-1.0), "scale: expected a standard deviation >= 0"),
        (lambda: Normal(NAN), "scale: expected"),
        (lambda: Fixed((1.0, INF)), r"weights\[1\]"),
        (lambda: Regression(PowerLaw(3, 1.0), Irrelevant((3,))), "from 1 to 2, got 3"),
        (lambda: Regression(PowerLaw(3, 1.0), target=Fixed((1.0,))), "target: expected 3 weights"),
        (lambda: Regression(PowerLaw(3, 1.0), start=Fixed((1.0,))), "start: expected 3 weights"),
        (
            lambda: Regression(Variances((0.0, 1.0)), Irrelevant((1,))),
            "expected a relevant frequency with a variance > 0",
        ),
    ],
)
def test_hostile_values_are_rejected(make, message):
    with pytest.raises(UserError, match=message):
        make()


# Measured spectra


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[4.0, 1, 0.25]"),
        ("b.json", '{"energy": [4.0, 1, 0.25], "dataset": "digits"}'),
        ("c.csv", "energy\n4.0\n1\n0.25\n"),
        ("d.CSV", "\ufefffrequency,energy,n\r\n0,4.0,7\r\n1,1,7\r\n2,0.25,7\r\n"),
    ],
)
def test_measured_spectrum(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert measured(path) == Variances((4.0, 1.0, 0.25))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"1", "ends in .json or .csv"),
        ("a.json", b"[1, NaN]", "expected JSON"),
        ("a.json", b'{"energies": [1]}', "a list of numbers, or an object with one as energy"),
        ("a.json", b"[]", "a.json: expected the energy of one frequency or more, got no rows"),
        ("a.json", b'{"energy": []}', "of one frequency or more, got no rows"),
        ("a.csv", b"frequency,energy\n", "of one frequency or more, got no rows"),
        ("a.json", b"[true, 1]", r"variances\[0\]: expected a number, got True"),
        ("a.json", b'[1, "2"]', r"variances\[1\]: expected a number, got '2'"),
        ("a.json", b"[1, null]", r"variances\[1\]: expected a number, got None"),
        ("a.json", b"[1, -1]", "a.json: variances: expected numbers >= 0"),
        ("a.csv", b"", "a column energy, got an empty file"),
        ("a.csv", b"amplitude\n1\n", "a column energy, got amplitude"),
        ("a.csv", b"frequency,energy\n1,2\n0,1\n", "got '1' in the row of frequency 0"),
        ("a.csv", b"energy\n1\nmuch\n", r"variances\[1\]: expected a number, got 'much'"),
        ("a.csv", b"frequency,energy\n0\n", r"variances\[0\]: expected a number, got None"),
        ("a.csv", b"energy\n\xff\xfe\n", "expected CSV, got what is not"),
    ],
)
def test_a_measured_file_that_is_wrong(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        measured(path)


def test_a_measured_file_that_is_missing(tmp_path):
    for name in ("none.csv", "none.json"):
        with pytest.raises(UserError, match=f"cannot read .*{name}"):
            measured(tmp_path / name)


def test_a_measured_spectrum_survives_json(tmp_path):
    path = tmp_path / "spectrum.json"
    values = PowerLaw(64, 1.7).values
    path.write_text(json.dumps(values))
    assert measured(path).values == values


# Weights


def test_random_weights_depend_on_their_seed_only():
    problem = Regression(PowerLaw(6, 1.0), Irrelevant((3,)), Normal(2.0), Normal(0.5))
    together, alone = problem.runs([5, 9]), problem.runs([9])
    np.testing.assert_array_equal(together.w_star_tilde[1], alone.w_star_tilde[0])
    np.testing.assert_array_equal(together.w0_tilde[1], alone.w0_tilde[0])
    assert (together.w_star_tilde[0] != together.w_star_tilde[1])[[0, 1, 2, 4, 5]].all()
    # Target and start of one seed are drawn apart.
    assert not np.isclose(together.w_star_tilde[0] / 2.0, together.w0_tilde[0] / 0.5).any()


def test_random_targets_are_zero_at_irrelevant_frequencies_and_starts_are_not():
    runs = Regression(PowerLaw(6, 1.0), Irrelevant((3,)), Normal(), Normal()).runs([0])
    assert (runs.w_star_tilde[0] == 0).tolist() == [False, False, False, True, False, False]
    assert (runs.w0_tilde != 0).all()


def test_random_weights_are_standard_normal_times_their_scale():
    weights = Regression(PowerLaw(50, 0.0), target=Normal(3.0)).w_star_tilde(range(400))
    # A probability of 1e-9 for a right law; scale 3.4 is another.
    assert scipy.stats.kstest(weights.ravel() / 3.0, "norm").pvalue > 1e-9
    assert scipy.stats.kstest(weights.ravel() / 3.4, "norm").pvalue < 1e-9


def test_fixed_and_zero_weights():
    runs = Regression(PowerLaw(2, 1.0), target=Fixed((5, 10))).runs([1, 2, 3])
    np.testing.assert_array_equal(runs.w_star_tilde, [[5.0, 10.0]] * 3)
    np.testing.assert_array_equal(runs.w0_tilde, np.zeros((3, 2)))
    assert (len(runs), runs.d) == (3, 2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seeds": ()}, "seeds: expected at least one"),
        ({"seeds": (2**32, 0)}, "seeds: expected integers from 0 to 4294967295, got 4294967296"),
        ({"seeds": (-1, 0)}, "got -1"),
        ({"seeds": (0.5, 0)}, "seeds: expected integers, got 0.5"),
        ({"w0_tilde": np.zeros(3)}, r"w0_tilde: expected shape \(2,\) or \(2, 2\), got \(3,\)"),
        ({"w_star_tilde": np.zeros((3, 2))}, r"w_star_tilde: expected shape"),
        ({"w_star_tilde": np.zeros((1, 1, 2))}, r"w_star_tilde: expected shape \(d,\) or \(S, d\)"),
        ({"sigma_tilde_sq": [1.0, NAN]}, "sigma_tilde_sq: expected numbers that are 0 or between"),
        ({"sigma_tilde_sq": [1.0, -1.0]}, "sigma_tilde_sq: expected variances >= 0"),
        ({"w0_tilde": ["a", "b"]}, "w0_tilde: expected an array of numbers"),
    ],
)
def test_hostile_runs_are_rejected(changed, message):
    right = {
        "sigma_tilde_sq": np.ones(2),
        "w_star_tilde": np.zeros((2, 2)),
        "w0_tilde": np.zeros(2),
        "seeds": (0, 1),
    }
    assert len(Runs(**right)) == 2
    with pytest.raises(UserError, match=message):
        Runs(**right | changed)
