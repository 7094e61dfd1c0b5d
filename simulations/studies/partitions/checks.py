"""What had to hold of the starts in the pictures, and whether it did."""

from typing import Any, Final

from simulations.studies.partitions.settings import as_ratio
from simulations.study.evidence import Check, judged

_PROMISED: Final = {"R22": "R22", "R31": "R31", "R32": "R31", "R33": "R31", "R34": "R34"}
_PROMISED_COUNTS: Final = {"P1": "0", "P2": "0", "P3": "T", "P5": "T"}


def checks_of(results: dict[str, Any]) -> dict[str, Check]:
    """Return a check for each thing that had to hold."""
    return {
        "closed_form_is_the_simulation": _closed_form(results["simulation"]),
        "stationary_parts": _stationary_parts(results["R"]),
        **_of_overlaps(results["R"]),
        **_of_p(results["P"]),
    }


def _closed_form(simulated: dict[str, int]) -> Check:
    wrong = sum(n for name, n in simulated.items() if name.endswith("_differs"))
    return judged(
        wrong == 0,
        "T, the count and the limit cycle are those of the closed form from every start",
        f"{wrong:,} differences at {simulated['starts']:,} starts; float64 cannot tell at "
        f"{simulated['float_cannot_tell']:,}",
        of_simulator=True,
    )


def _stationary_parts(of_r: dict[str, Any]) -> Check:
    elsewhere = sum(
        n
        for picture in of_r.values()
        for part, promised in _PROMISED.items()
        for limit, n in picture["ends"][part].items()
        if limit != promised
    )
    return judged(
        elsewhere == 0,
        "from R22 and R34 orbits end there, from R31, R32 and R33 in R31 (Proposition 4.D.4)",
        f"{elsewhere:,} starts end elsewhere",
    )


def _of_overlaps(of_r: dict[str, Any]) -> dict[str, Check]:
    few = {ratio: x for ratio, x in of_r.items() if 3 * as_ratio("ratio", ratio) < 1}
    many = {ratio: x for ratio, x in of_r.items() if ratio not in few}
    parity = sum(
        x["odd"]["R32"] + sum(x["ends"]["R33"].values()) - x["odd"]["R33"] for x in many.values()
    )
    as_said = all(x["share_of_overlap"] and not x["share_of_part"]["R34"] for x in few.values())
    as_said &= not any(x["share_of_overlap"] for x in many.values())
    return {
        "parity": judged(
            parity == 0,
            "for r ≥ 1/3 the limit cycle is reached from R32 after an even number of steps, from "
            "R33 after an odd one",
            f"{parity:,} starts differ",
        ),
        "overlaps": judged(
            as_said,
            "R31, R32 and R33 overlap for r < 1/3 only, and R34 is empty there (R-partition.2, .4)",
            "so in each picture" if as_said else "not so in some picture",
        ),
    }


def _of_p(of_p: dict[str, Any]) -> dict[str, Check]:
    gaps = {ratio for ratio, x in of_p.items() if x["share_in_no_part"]}
    expected = {ratio for ratio in of_p if 3 * as_ratio("ratio", ratio) == 1}
    miscounted = sum(
        x["counts"][name]["starts"] - x["counts"][name][f"count_is_{count}"]
        for x in of_p.values()
        for name, count in _PROMISED_COUNTS.items()
    )
    return {
        "gaps": judged(
            gaps == expected,
            "off its edges P leaves a gap for r = 1/3 only (P4.D.7.2)",
            f"gaps in the pictures at r = {', '.join(sorted(gaps)) or 'none'}",
        ),
        "counts": judged(
            miscounted == 0,
            "the count is 0 from P1 and P2, and T from P3 and P5 (Proposition 4.D.7)",
            f"{miscounted:,} starts differ",
        ),
    }
