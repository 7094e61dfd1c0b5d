"""Measurements as tables."""

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


def tables(group: Sequence[Measurement], limits: Mapping[str, float]) -> Iterator[Table]:
    """Lay out the measurements that have one baseline, which is among them, in one or two tables.

    The first has the times, with ratios of medians to the baseline's; the second one, where
    anything was counted, holds it against what the machine does at most.

    Args:
        group: the measurements.
        limits: rates of the jobs of :mod:`simulations.bench.limits`, by their names, as far as they
            were measured.

    """
    first = group[0].job
    medians = {m.job.name: m.median for m in group if m.seconds}
    times = ("n", "median s", "min to max s", f"{first.unit}/s", "ratio")
    yield _table(f"ratio to: {first.baseline}", times, (_times(m, medians) for m in group))
    counted = [(m, m.job.count) for m in group if m.seconds and m.job.count]
    if counted:
        rows = (_shares(m, count, limits) for m, count in counted)
        yield _table(f"a {first.unit.removesuffix('s')} of: {first.baseline}", _OF_LIMITS, rows)


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


def _shares(m: Measurement, count: Count, limits: Mapping[str, float]) -> tuple[str, ...]:
    most, most_bytes = limits.get(operations(count.dtype)), limits.get(BYTES)
    done = f"{count.operations:.3g}", count.dtype, *_share(count.operations * m.rate, most)
    if count.bytes is None:
        return m.job.name, f"{m.cores:.2f}", *done, "", "", ""
    moved = f"{count.bytes:.2g}", *_share(count.bytes * m.rate, most_bytes)
    return m.job.name, f"{m.cores:.2f}", *done, *moved


def _share(rate: float, limit: float | None) -> tuple[str, str]:
    return f"{rate / 1e9:.3g}", "" if limit is None else f"{100 * rate / limit:.2g} %"


def _ratio(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"
