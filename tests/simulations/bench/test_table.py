from simulations.bench.job import Count, Job, Measurement
from simulations.bench.table import checks, tables


def columns(table):
    return [list(column.cells) for column in table.columns]


def test_rows_carry_n_spread_and_ratio():
    measurements = [
        Measurement(Job("fast", None, 4, 4, "fast"), (1.0, 2.0, 3.0)),
        Measurement(Job("slow", None, 1, 40, "fast"), (30.0, 20.0, 25.0)),
        Measurement(Job("absent", None, 1, 4, "fast"), (), reason="needs PyTorch"),
    ]
    (table,) = tables(measurements, {})
    assert columns(table) == [
        ["fast", "slow (scaled ×40)", "absent"],
        ["3", "3", "0"],
        ["2", "25", "not run: needs PyTorch"],
        ["1 to 3", "20 to 30", ""],
        ["2", "1.6", ""],
        ["1.0", "12.5", ""],
    ]
    assert [str(column.header) for column in table.columns][4] == "updates/s"


def test_what_is_counted_is_held_against_the_limits():
    """4 operations and 2 bytes a step, at 3·10⁹ steps a second: 12·10⁹ and 6·10⁹ of 48 and 60."""
    steps = 30 * 10**9
    limits = {"int32 operations": 48e9, "bytes copied": 60e9}
    measurements = [
        Measurement(
            Job("a", None, steps, steps, "a", count=Count(4, "int32", 2), unit="steps"),
            (10.0,),
            1.9,
        ),
        Measurement(
            Job("b", None, steps, steps, "a", count=Count(8, "int32"), unit="steps"), (20.0,), 1.0
        ),
    ]
    times, shares = tables(measurements, limits)
    assert [str(column.header) for column in times.columns][4] == "steps/s"
    assert columns(shares) == [
        ["a", "b"],
        ["1.90", "1.00"],
        ["4", "8"],
        ["int32", "int32"],
        ["12", "12"],
        ["25 %", "25 %"],
        ["2", ""],
        ["6", ""],
        ["10 %", ""],
    ]
    # Without the limits there is no share of them.
    _, shares = tables(measurements, {})
    assert columns(shares)[5] == ["", ""]


def test_checks_name_their_jobs():
    job = Job("a", None, 1, 1, "a")
    assert list(checks([Measurement(job, (1.0,), checked="exact"), Measurement(job, (1.0,))])) == [
        "a: exact"
    ]
