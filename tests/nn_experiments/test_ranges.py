"""Every number of every spec has a range, and what is outside is told before anything is done."""

import math
from dataclasses import fields, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from nn_experiments import specs
from nn_experiments.ranges import Range
from nn_experiments.specs import (
    DataSpec,
    FrequencySpec,
    ModelSpec,
    OptimizerSpec,
    RobustnessSpec,
    RunSpec,
    TrainingSpec,
    level,
)
from nn_experiments.studies.optimizers import preset
from nn_experiments.studies.optimizers.preset import MarginsSpec, Preset

BUILT = (
    DataSpec(),
    ModelSpec(),
    OptimizerSpec(),
    TrainingSpec(),
    RunSpec(DataSpec(), ModelSpec(), OptimizerSpec(), TrainingSpec(), 0),
    RobustnessSpec(),
    FrequencySpec(),
    MarginsSpec(),
    Preset(),
)


def number_of(hint: Any) -> type | None:
    """The kind of number that a plain type holds, alone, in a tuple or beside None."""
    if hint in (int, float):
        return hint
    if get_origin(hint) in (tuple, UnionType, Union):
        return next((kind for part in get_args(hint) if (kind := number_of(part))), None)
    return None


NUMERIC = [
    (spec, field.name, kind, get_origin(hint) is tuple)
    for spec in BUILT
    for field in fields(spec)
    if (kind := number_of(hint := get_type_hints(type(spec))[field.name]))
]
OUTSIDE = {int: (-1, 10**23), float: (math.nan, math.inf, -math.inf, -1.0)}


def test_every_kind_of_spec_is_looked_at():
    kinds = {
        kind
        for kind in (*vars(specs).values(), *vars(preset).values())
        if isinstance(kind, type) and issubclass(kind, specs.Spec) and kind is not specs.Spec
    }
    assert {type(spec) for spec in BUILT} == kinds
    assert len(NUMERIC) == 29


@pytest.mark.parametrize(
    ("spec", "name", "kind", "is_tuple"),
    NUMERIC,
    ids=[f"{type(spec).__name__}.{name}" for spec, name, _, _ in NUMERIC],
)
def test_no_number_is_taken_that_has_no_meaning(spec, name, kind, is_tuple):
    for value in OUTSIDE[kind]:
        with pytest.raises(ValueError, match=rf"^{name}: expected .*, got "):
            replace(spec, **{name: (value,) if is_tuple else value})


@pytest.mark.parametrize(
    ("allowed", "inside", "outside"),
    [
        (Range(1), (1, 2**31 - 1), (0, 2**31)),
        (Range(0), (0, 5), (-1,)),
        (Range(0, 1, is_open=True), (1e-9, 1), (0, 1 + 1e-9)),
        (Range(0, 99), (0, 99), (-1, 100)),
    ],
)
def test_a_range_has_its_ends(allowed, inside, outside):
    assert all(map(allowed.holds, inside))
    assert not any(map(allowed.holds, (*outside, math.nan, math.inf)))


def test_ranges_are_told():
    assert Range(1).text(0) == "1 or more"
    assert Range(1).text(2**31) == "1 to 2147483647"
    assert Range(is_open=True).text(math.inf) == "a number > 0"
    assert Range(0, math.inf, is_open=True).text(-1) == "a number > 0"
    assert Range(0, 100, is_open=True).text(101) == "a number > 0, at most 100"


def test_options_of_other_classes_are_finite():
    with pytest.raises(ValueError, match="options: expected a finite number, got nan"):
        OptimizerSpec(options={"momentum": math.nan, "nesterov": True})
    assert OptimizerSpec(options={"momentum": 0.9, "nesterov": True, "betas": "0.9,0.9"})


def test_rates_that_a_sweep_would_make_are_checked():
    held_out = DataSpec(validation_images=10)
    with pytest.raises(ValueError, match=r"sweep: SGD × 1e\+200: learning_rate: expected .*inf"):
        Preset(optimizers=(OptimizerSpec(learning_rate=1e200),), data=held_out, sweep=(1e200,))
    with pytest.raises(ValueError, match=r"learning_rate: expected a number > 0, got 0\.0"):
        Preset(optimizers=(OptimizerSpec(learning_rate=1e-200),), data=held_out, sweep=(1e-200,))


@pytest.mark.parametrize("text", ["1e400", "1e-400", "1e999999999", "inf", "nan", "1/0", "1e5"])
def test_levels_that_no_image_could_have(text):
    with pytest.raises(ValueError, match="expected a number > 0 as text"):
        level(text)
