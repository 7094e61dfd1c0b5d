"""The experiment of Figure 4.7 in words and tables, computed from its summary."""

from collections.abc import Iterator
from typing import Any, Final

from simulations.study.alternatives import each, sentences
from theory.common.environment import made_by
from theory.common.tables import TextTable

CAPTION: Final = "Errors and risks of the four optimizers"


def alternative(summary: dict[str, Any]) -> str:
    """Return what is seen in the picture."""
    settings, optimizers = summary["settings"], summary["optimizers"]
    finite = {name: o for name, o in optimizers.items() if o["failure"] is None}
    weights = each((name, _third(o["w_tilde"]["mean"])) for name, o in finite.items())
    risks = each(
        (name, _number(o["adversarial_risk"]["mean"], ".1f")) for name, o in finite.items()
    )
    ratio = (summary["ratio_signgd_over_gd"]["final"] or {}).get("mean")
    T = summary["population_signgd"]["T"]
    return sentences(
        f"Lines over {settings['iterations']:,} iterations, on a logarithmic axis; means over "
        f"{settings['seeds']} seeds",
        "(a) The errors along the two relevant frequencies fall towards 0. Along the irrelevant "
        f"one they part: w̃2, from {settings['w0_tilde'][2]}, ends at {weights}",
        f"(b) The adversarial risk ends at {risks}",
        ratio and f"That of signGD is {ratio:.3f} times GD's",
        T and f"The background changes at T = {T}",
    )


def _third(mean: list[float] | None) -> str:
    return _number(None if mean is None else mean[2], ".3g")


def optimizer_table(summary: dict[str, Any]) -> TextTable:
    """Return final weights and risks of each optimizer, with the exact limit where there is one."""
    rows = [[name, *_optimizer_cells(values)] for name, values in summary["optimizers"].items()]
    header = ("optimizer", "w̃0", "w̃1", "w̃2", "standard risk", "adversarial risk", "exact limit")
    return TextTable(header, rows)


def _optimizer_cells(values: dict[str, Any]) -> list[str]:
    limit = values["limit"]
    exact = _number(limit["mean"]["adversarial_risk"]["value"], ".4f") if limit else "none"
    if values["failure"]:
        where = f"not finite at iteration {values['failure']['iteration']}"
        return [f"{where} (seed {values['failure']['seed']})", *["–"] * 4, exact]
    w = values["w_tilde"]
    deviations = w["standard_deviation"] or [None] * 3
    weights = [_plus_minus(m, s) for m, s in zip(w["mean"], deviations, strict=True)]
    risks = [
        _plus_minus(values[r]["mean"], values[r]["standard_deviation"])
        for r in ("standard_risk", "adversarial_risk")
    ]
    return [*weights, *risks, exact]


def _plus_minus(mean: float | None, deviation: float | None) -> str:
    return _number(mean, ".5g") + ("" if deviation is None else f" ± {deviation:.2g}")


def _number(value: float | None, style: str) -> str:
    return "too large" if value is None else format(value, style)


def comparison_table(summary: dict[str, Any]) -> TextTable:
    """Return each published number beside ours, and whether they agree."""
    verdicts = {True: "agrees", False: "differs", None: "not compared"}
    rows = []
    for c in summary["published"]:
        printed = c["published"]
        printed = printed if isinstance(printed, str) else f"[{', '.join(printed)}]"
        error = "" if c["standard_error"] is None else f" ± {c['standard_error']:.2g}"
        rows.append([c["name"], printed, _number(c["ours"], ".6g") + error, verdicts[c["agrees"]]])
    return TextTable(("quantity", "published", "ours", "verdict"), rows)


def report(summary: dict[str, Any], gd_distance: str) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(summary, gd_distance)) + "\n"


def _lines(summary: dict[str, Any], gd_distance: str) -> Iterator[str]:
    settings, environment = summary["settings"], summary["environment"]
    yield f"# Figure 4.7\n\n![{CAPTION}](figure_4_7.png)\n"
    yield (
        f"Variances {_list(settings['sigma_tilde_sq'])}, true weights "
        f"{_list(settings['w_star_tilde'])}, initial weights {_list(settings['w0_tilde'])}, "
        f"η = {settings['eta']}, ε = {settings['epsilon']}, {_minibatch(settings)}, "
        f"{settings['iterations']} iterations, {settings['seeds']} seeds from "
        f"{settings['first_seed']} on. Lines are means over the seeds; bands reach from the least "
        "to the greatest; the background changes at T of population signGD.\n"
    )
    yield "## At the last iteration\n"
    yield "Mean ± standard deviation over the seeds. The exact limit is of the adversarial risk "
    yield "in population training (for signGD the mean over its limit cycle).\n"
    yield optimizer_table(summary).markdown() + "\n"
    yield "## Two phases\n"
    yield _phases(summary["population_signgd"]) + "\n"
    yield "## Beside the published numbers\n"
    yield "Half a unit of the last printed digit plus 1.96 of our standard errors is allowed.\n"
    yield comparison_table(summary).markdown() + "\n"
    for c in summary["published"]:
        if c["agrees"] is False and c["explanation"]:
            yield f"- {c['name']}: {c['explanation']}"
    yield f"\n## How far GD is\n\n{gd_distance} {_effect_on_ratio(summary)}\n"
    yield made_by(environment)


def _minibatch(settings: dict[str, Any]) -> str:
    if settings["oracle"] == "population":
        return "population gradients"
    return f"{settings['samples_per_step']} samples a step ({settings['oracle']})"


def _list(values: tuple[str, ...]) -> str:
    return f"({', '.join(values)})"


def _phases(population: dict[str, Any]) -> str:
    if population["T"] is None:
        return f"Not known for population signGD: {population['reason']}."
    change, drift = population["delta_w2"], population["drift_of_w2_after_T"]
    return (
        f"Population signGD, exactly: T = min{{t ≥ 0 : |A(t)| < σ̃0²η}} = {population['T']}; until "
        f"then {population['count']} updates have |A| ≤ |B| and w̃2 changes by {change['exact']} "
        f"= {_number(change['value'], '.5f')}. The error ẽ0 first changes sign at iteration "
        f"{population['first_sign_change_of_e0']}, and from iteration "
        f"{population['limit_cycle']['first_iteration']} on the state has period "
        f"{population['limit_cycle']['period']}. After T, w̃2 drifts by {drift['exact']} "
        f"= {_number(drift['value'], '.5f')}."
    )


def _effect_on_ratio(summary: dict[str, Any]) -> str:
    """Split the distance of the final ratio from the exact limit into GD's part and signGD's."""
    ratio = summary["ratio_signgd_over_gd"]
    final, converged, limit = ratio["final"], ratio["final_with_gd_at_its_limit"], ratio["limit"]
    if any(r is None or r["mean"] is None for r in (final, converged, limit)):
        return ""
    by_gd = final["mean"] - converged["mean"]
    by_signgd = converged["mean"] - limit["mean"]
    return (
        f"That moves the ratio signGD/GD by {by_gd:+.4f}, to {final['mean']:.4f}; with GD at its "
        f"limit it would be {converged['mean']:.4f}. In the exact limit of population training it "
        f"is {limit['mean']:.4f}: the signs of minibatch gradients move it by {by_signgd:+.4f}."
    )
