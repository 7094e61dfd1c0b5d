import pytest

from simulations.engine.device import check_device
from theory.common.errors import UserError
from theory.common.settings import (
    AT_LEAST_ONE,
    FRACTION,
    NOT_NEGATIVE,
    NOT_POSITIVE,
    POSITIVE,
    check_each_once,
    check_integer,
    check_integers,
    check_number,
    check_range,
    differences,
)

NAN = float("nan")


def test_the_ends_of_a_range_are_in_it():
    for value in (2, 5):
        check_integer("n", value, 2, 5)
        check_number("x", value, 2, 5)
    check_integer("n", 10**30, 2)
    check_integers("n", (2, 5), 2, 5)
    check_each_once("n", (1, 2), "one or two", most=2)
    check_each_once("n", (1,), "one", holds=lambda n: n == 1)
    check_device("cpu")


@pytest.mark.parametrize(
    ("check", "arguments", "options", "message"),
    [
        (check_integer, (1, 2, 5), {}, "s: expected an integer from 2 to 5, got 1"),
        (check_integer, (6, 2, 5), {}, "s: expected an integer from 2 to 5, got 6"),
        (check_integer, (1, 2), {}, "s: expected an integer >= 2, got 1"),
        (check_integers, ((3, 1), 2, 5), {}, "s: expected integers from 2 to 5, got (3, 1)"),
        (check_integers, ((6, 3), 2, 5), {}, "s: expected integers from 2 to 5, got (6, 3)"),
        (check_number, (0.5, 1e-4, 0.25), {}, "s: expected a number from 0.0001 to 0.25, got 0.5"),
        (check_number, (-1, 0, 1), {}, "s: expected a number from 0 to 1, got -1"),
        (check_number, (NAN, 0, 1), {}, "s: expected a number from 0 to 1, got nan"),
        (check_each_once, ((), "some"), {}, "s: expected some, each once, got ()"),
        (check_each_once, ((1, 1), "some"), {}, "s: expected some, each once, got (1, 1)"),
        (check_each_once, ((1,), "two"), {"fewest": 2}, "s: expected two, each once, got (1,)"),
        (check_each_once, ((1, 2), "one"), {"most": 1}, "s: expected one, each once, got (1, 2)"),
        (check_each_once, ((1, 2), "1"), {"holds": {1}.__contains__}, "s: expected 1, each once"),
    ],
    ids=lambda x: x.__name__ if callable(x) else "",
)
def test_what_lies_outside_is_told(check, arguments, options, message):
    with pytest.raises(UserError) as error:
        check("s", *arguments, **options)
    assert str(error.value).startswith(message)


def test_an_unknown_device_is_a_users_mistake():
    with pytest.raises(UserError, match="device: expected one of auto, cpu, gpu, got 'abacus'"):
        check_device("abacus")


@pytest.mark.parametrize(
    ("allowed", "least", "outside"),
    [
        (FRACTION, 0, (1, -0.1, NAN)),
        (POSITIVE, 1e-300, (0, float("inf"), NAN)),
        (NOT_NEGATIVE, 0, (-1e-300, float("inf"))),
        (NOT_POSITIVE, -1e300, (1e-300, -float("inf"))),
        (AT_LEAST_ONE, 1, (0.99, True, "2")),
    ],
)
def test_ranges_of_numbers(allowed, least, outside):
    check_range("x", least, allowed)
    for value in outside:
        with pytest.raises(UserError, match=f"^x: expected {allowed.text}, got {value!r}$"):
            check_range("x", value, allowed)


def test_what_settings_differ_in():
    there = {"a": 1, "b": [1, 2], "c": 0.0, "d": "x" * 70, "e": (1, 2, 3), "same": [None]}
    here = {"a": 1.0, "b": [1, 3, 4], "c": -0.0, "d": "y", "e": range(1, 3), "same": [None], "f": 2}
    assert list(differences(there, here)) == [
        "a: 1 there, 1.0 asked for",
        "b: 2 values there, 3 asked for; value 2: 2 there, 3 asked for",
        "c: 0.0 there, -0.0 asked for",
        f"d: {'x' * 40} … {'x' * 10} there, y asked for",
        "e: 3 values there, 2 asked for; value 3: 3 there, no more asked for",
        "f: nothing there, 2 asked for",
    ]
    assert list(differences(here, here)) == []
