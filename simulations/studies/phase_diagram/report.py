"""The phase diagrams in words and tables."""

from collections.abc import Iterator
from typing import Any, Final

from simulations.studies.phase_diagram.settings import PhaseDiagram
from simulations.study.alternatives import percent, sentences
from simulations.study.answer import lines_of
from simulations.study.evidence import Check
from theory.common.tables import TextTable


def tables(results: dict[str, Any]) -> dict[str, TextTable]:
    """Return the tables: ``diagrams`` and ``sizes``."""
    header = (
        *("starts", "GD more robust", "by the condition"),
        *("differ", "η small enough", "differ there"),
    )
    diagrams = [[name, *_cells(row)] for name, row in results["diagrams"].items()]
    sizes = [
        [str(at["size"]), name, *_cells(at[which]), extremes]
        for at in results["sizes"]
        for which, name, extremes in (
            ("w2 = 0", "0", f"{at['greatest_ratio_from_w2_0']:.4f}"),
            ("random w2", "random", "{:.4f} to {:.4f}".format(*at["extreme_ratios"])),
        )
    ]
    return {
        "diagrams": TextTable(("diagram", *header), diagrams),
        "sizes": TextTable(
            ("|A(0)|/(σ̃0²η)", "w̃2(0)", *header, "greatest ratio, or least and greatest"), sizes
        ),
    }


def _cells(row: dict[str, int]) -> list[str]:
    names = (
        *("starts", "gd_more_robust", "gd_more_robust_by_condition"),
        *("mismatches", "decided_by_bounds", "mismatches_where_decided"),
    )
    return [f"{row[name]:,}" for name in names]


CAPTION: Final = "Ratio of adversarial risks, signGD over GD"


def alternative(results: dict[str, Any]) -> str:
    """Return what is seen in the picture."""
    shares = ", ".join(
        f"{percent(at['gd_more_robust'] / at['starts'])} of the starts {name}"
        for name, at in results["diagrams"].items()
    )
    first, last = results["sizes"][0], results["sizes"][-1]
    differ = [percent(at["w2 = 0"]["mismatches"] / at["w2 = 0"]["starts"]) for at in (first, last)]
    return sentences(
        "Three maps of the ratio of adversarial risks, purple where GD is the more robust, orange "
        f"where signGD is. GD is at {shares}",
        f"(d) The share of starts from w̃2(0) = 0 at which the risks differ from the condition "
        f"falls from {differ[0]} at |A(0)|/(σ̃0²η) = {first['size']} to {differ[1]} at "
        f"{last['size']}",
    )


def statement(results: dict[str, Any]) -> str:
    """Return what the diagrams say about the theory."""
    rows = [*results["diagrams"].values()]
    rows += [at[which] for at in results["sizes"] for which in ("w2 = 0", "random w2")]
    starts, decided, wrong = (
        sum(row[name] for row in rows)
        for name in ("starts", "decided_by_bounds", "mismatches_where_decided")
    )
    last, limits = results["sizes"][-1], results["limits"]
    first = results["sizes"][0]
    return (
        "The condition holds where η is small enough: then GD is more robust if Δw̃2(Δw̃2 + 2w̃2(0)) "
        f"> 0, and signGD if it is below 0. Of {starts:,} starts, bounds on the limit cycle decide "
        f"who is more robust at {decided:,}; at {wrong:,} of these the risks of the exact limits "
        "differ from the condition. Where η is too large for that, the risks are within O(η) of "
        "each other, and either may be the smaller one, even from w̃2(0) = 0: there risks and "
        f"condition differ at {_share(first['w2 = 0'])} of the starts with |A(0)|/(σ̃0²η) = "
        f"{first['size']} and at {_share(last['w2 = 0'])} of those with {last['size']}. So even "
        "from w̃2(0) = 0 the ratio is above 1 only for small enough η.\n\n"
        "A theorem (ratio-limits.1 to ratio-limits.5 of the ledger): for every σ̃1²/σ̃0², from "
        "w̃0(0) = w̃1(0) = 0, the ratio has a limit as η → 0. It is from 1 to "
        f"{limits['greatest from w̃2(0) = 0']['exact']} from w̃2(0) = 0, the latter reached where "
        "|B(0)| = 3(σ̃1²/σ̃0²)|A(0)| ≥ |A(0)| only, and from "
        f"{limits['least']['exact']} = {limits['least']['value']:.4f} to "
        f"{limits['greatest']['exact']} = {limits['greatest']['value']:.4f} for any w̃2(0), both "
        f"reached. Seen at |A(0)|/(σ̃0²η) = {last['size']}: {last['greatest_ratio_from_w2_0']:.4f}, "
        f"and {last['extreme_ratios'][0]:.4f} to {last['extreme_ratios'][1]:.4f}. The limits are "
        "not uniform in σ̃1²/σ̃0²: at every η there are problems with ratios above 2 "
        "(ratio-limits.6), where σ̃1²/σ̃0² is of the size of |A(0)|/(σ̃0²η)."
    )


def _share(row: dict[str, int]) -> str:
    return f"{100 * row['mismatches'] / row['starts']:.3g} %"


def report(settings: PhaseDiagram, results: dict[str, Any], checks: dict[str, Check]) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(settings, results, checks)) + "\n"


def _lines(
    settings: PhaseDiagram, results: dict[str, Any], checks: dict[str, Check]
) -> Iterator[str]:
    yield "# Where is GD more robust than signGD, and where signGD?\n"
    yield f"![{CAPTION}](phase_diagram.png)\n"
    yield (
        "The ratio of adversarial risks, signGD's mean over its limit cycle over GD's limit, in "
        "population training with d = 3 and σ̃2² = 0, from w̃0(0) = w̃1(0) = 0. Purple: GD is more "
        "robust; orange: signGD is. Dotted: |B(0)| = max(1, 3r)|A(0)|, where signGD moves w̃2 most. "
        "Black: where that changes as η → 0, w̃2(0) = 0 and |lim Δw̃2| = 2|w̃2(0)|. "
        f"(a) to (c) have |A(0)|/(σ̃0²η) from {settings.size} to {settings.size + 1}.\n"
    )
    yield f"## What it says\n\n{statement(results)}\n"
    yield "## Two routes\n"
    yield from lines_of(checks)
    yield "\n## The diagrams\n"
    yield tables(results)["diagrams"].markdown() + "\n"
    yield "## Smaller and smaller learning rates\n"
    yield "Random starts; r and q from the ranges of the diagrams, w̃2(0) 0 or up to "
    yield f"{settings.w2_span:g}‖w̃*‖ in size.\n"
    yield tables(results)["sizes"].markdown() + "\n"
