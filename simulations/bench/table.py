"""Measurements as tables."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.box import SIMPLE
from rich.table import Table

from simulations.bench.job import Count, Measurement
from simulations.bench.limits import BYTES, operations

_OF_LIMITS: Final = (
    *("cores", "operations", "type", "10⁹/s", "of limit"),
    *("bytes", "10⁹/s", "of limit"),
)


def tables(measurements: Sequence[Measurement]) -> Iterator[Table]:
    """Lay out measurements, two tables for each baseline.

    One has the times, with ratios of medians to the baseline's; the other one, where anything was
    counted, holds it against the limits, if these are among the measurements.
    """
    medians = {m.job.name: m.median for m in measurements if m.seconds}
    rates = {m.job.name: m.rate for m in measurements if m.seconds}
    for baseline, jobs in itertools.groupby(measurements, lambda m: m.job.baseline):
        group = list(jobs)
        times = ("n", "median s", "min to max s", f"{group[0].job.unit}/s", "ratio")
        yield _table(f"ratio to: {baseline}", times, (_times(m, medians) for m in group))
        counted = [(m, m.job.count) for m in group if m.seconds and m.job.count]
        if counted:
            unit = group[0].job.unit.removesuffix("s")
            rows = (_shares(m, count, rates) for m, count in counted)
            yield _table(f"a {unit} of: {baseline}", _OF_LIMITS, rows)


def checks(measurements: Sequence[Measurement]) -> Iterator[str]:
    """Say what was found right about the results."""
    return (f"{m.job.name}: {m.checked}" for m in measurements if m.checked)


def _table(caption: str, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> Table:
    shown = Table(caption=caption, caption_justify="left", box=SIMPLE)
    shown.add_column("job", no_wrap=True)
    for column in columns:
        shown.add_column(column, justify="right")
    for row in rows:
        shown.add_row(*row)
    return shown


def _times(m: Measurement, medians: Mapping[str, float]) -> tuple[str, ...]:
    if not m.seconds:
        return m.job.name, "0", f"not run: {m.reason}"
    factor = m.job.whole / m.job.done
    scaled = "" if factor == 1 else f" (scaled ×{factor:.{0 if factor >= 10 else 2}f})"
    return (
        m.job.name + scaled,
        str(len(m.seconds)),
        f"{m.median:.3g}",
        f"{min(m.seconds):.3g} to {max(m.seconds):.3g}",
        f"{m.rate:.3g}",
        _ratio(m.median / medians[m.job.baseline]),
    )


def _shares(m: Measurement, count: Count, rates: Mapping[str, float]) -> tuple[str, ...]:
    limits = (rates.get(operations(count.dtype)), rates.get(BYTES))
    done = f"{count.operations:.3g}", count.dtype, *_share(count.operations * m.rate, limits[0])
    if count.bytes is None:
        return m.job.name, f"{m.cores:.2f}", *done, "", "", ""
    moved = f"{count.bytes:.2g}", *_share(count.bytes * m.rate, limits[1])
    return m.job.name, f"{m.cores:.2f}", *done, *moved


def _share(rate: float, limit: float | None) -> tuple[str, str]:
    return f"{rate / 1e9:.3g}", "" if limit is None else f"{100 * rate / limit:.2g} %"


def _ratio(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"
