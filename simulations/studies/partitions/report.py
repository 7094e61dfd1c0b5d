"""The pictures of the partitions in words and tables."""

from collections.abc import Iterator
from typing import Any, Final

from simulations.studies.partitions.experiment import LIMITS
from simulations.studies.partitions.settings import Partitions
from simulations.study.alternatives import each, percent, sentences
from simulations.study.evidence import Check
from theory.common.tables import TextTable


def tables(results: dict[str, Any]) -> dict[str, TextTable]:
    """Return the tables: ``parts_of_r``, ``overlaps_of_r`` and ``parts_of_p``."""
    parts_of_r = [
        [ratio, name, _percent(share), *_ends(picture, name)]
        for ratio, picture in results["R"].items()
        for name, share in picture["share_of_part"].items()
    ]
    overlaps = [
        [ratio, names, _percent(share)]
        for ratio, picture in results["R"].items()
        for names, share in picture["share_of_overlap"].items()
    ]
    parts_of_p = [
        [ratio, name, _percent(picture["share_of_part"][name]), *map(_count, counts.values())]
        for ratio, picture in results["P"].items()
        for name, counts in picture["counts"].items()
    ]
    parts_of_p += [
        [ratio, "none", _percent(picture["share_in_no_part"]), "", "", ""]
        for ratio, picture in results["P"].items()
    ]
    ends = (f"end in {limit}" for limit in LIMITS)
    return {
        "parts_of_r": TextTable(("r", "part", "share", *ends, "after odd"), parts_of_r),
        "overlaps_of_r": TextTable(("r", "parts", "share"), overlaps),
        "parts_of_p": TextTable(
            ("r", "part", "share", "starts", "count is 0", "count is T"), parts_of_p
        ),
    }


def _ends(picture: dict[str, Any], name: str) -> list[str]:
    return [*map(_count, picture["ends"][name].values()), _count(picture["odd"][name])]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _count(number: int) -> str:
    return f"{number:,}"


CAPTION_OF_R: Final = "The partition R and where orbits end"
CAPTION_OF_P: Final = "The partition P and the count"


def alternative(pictures: dict[str, Any]) -> str:
    """Return what is seen of a partition, at each ratio."""
    return sentences(*(_of_parts(ratio, picture) for ratio, picture in pictures.items()))


def _of_parts(ratio: str, picture: dict[str, Any]) -> str:
    ordered = sorted(picture["share_of_part"].items(), key=lambda pair: -pair[1])
    shares = each((name, percent(share)) for name, share in ordered if share)
    overlap, gap = sum(picture["share_of_overlap"].values()), picture["share_in_no_part"]
    more = f", and {percent(overlap)} is in several" if overlap else ""
    none = f"; {percent(gap)} is in no part" if gap else ""
    return f"At r = {ratio} the parts take, of the picture: {shares}{more}{none}"


def statement(results: dict[str, Any]) -> str:
    """Return what the pictures say about the theory."""
    return "\n".join(
        [
            *(f"- {_of_r(ratio, picture)}" for ratio, picture in results["R"].items()),
            *(f"- {_of_p(ratio, picture)}" for ratio, picture in results["P"].items()),
        ]
    )


def _of_r(ratio: str, picture: dict[str, Any]) -> str:
    overlap, R34 = sum(picture["share_of_overlap"].values()), picture["share_of_part"]["R34"]
    apart = f"overlap on {_percent(overlap)} of the picture" if overlap else "do not overlap"
    empty = f"has {_percent(R34)} of it" if R34 else "is empty"
    from_R32 = picture["odd"]["R32"]
    steps = (
        f"{from_R32:,} of the starts in R32 reach their limit cycle after an odd number of steps, "
        "and are in R33 too"
        if from_R32
        else "from R32 the limit cycle is reached after an even number of steps, and from R33 "
        "after an odd one"
    )
    return (
        f"R at r = {ratio}: the nine parts {apart}, and R34 {empty}; {steps}. After T, ẽ2 drifts "
        f"by up to {picture['greatest_drift_of_c']} times (√6/3)η."
    )


def _of_p(ratio: str, picture: dict[str, Any]) -> str:
    gap = picture["share_in_no_part"]
    covered = f"leave out {_percent(gap)} of the picture" if gap else "cover the picture"
    present = [
        f"{name} {part['count_is_T']:,} of {part['starts']:,}"
        for name, part in picture["counts"].items()
        if name in ("P3", "P4", "P5", "P6") and part["starts"]
    ]
    counts = f" The count is T from {', '.join(present)} starts." if present else ""
    return f"P at r = {ratio}: the parts {covered}.{counts}"


def report(settings: Partitions, results: dict[str, Any], checks: dict[str, Check]) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(settings, results, checks)) + "\n"


def _lines(
    settings: Partitions, results: dict[str, Any], checks: dict[str, Check]
) -> Iterator[str]:
    yield "# The partitions of Figures 4.8 and 4.9\n"
    yield f"![{CAPTION_OF_R}](figure_4_8.png)\n"
    yield (
        "Figure 4.8, from the predicates of R: the parts on the left, mixed colours and hatches "
        "where they overlap, with an orbit from the midst of each part that orbits leave, from its "
        "ring to the two crosses of its limit cycle. On the right, the limit cycle that each start "
        "reaches, paler where |B| is larger on it.\n"
    )
    yield f"![{CAPTION_OF_P}](figure_4_9.png)\n"
    yield (
        "Figure 4.9, from the predicates of P: the parts above, with orbits of (|A|, |B|), the "
        "subparts outlined, dots where there is no part, and |A| = |B| dotted. Below, the number "
        "of steps before T that move w̃2.\n"
    )
    yield f"## What they say\n\n{statement(results)}\n"
    yield "## What had to hold\n"
    for name, check in checks.items():
        yield f"- {name}: {check.status}. {check.criterion}. Seen: {check.observed}."
    made = tables(results)
    for title, name in (
        ("Parts of R, and where their starts end", "parts_of_r"),
        ("Overlaps of R", "overlaps_of_r"),
        ("Parts of P, and the count", "parts_of_p"),
    ):
        yield f"\n## {title}\n\n{made[name].markdown() if made[name].rows else 'None.'}"
