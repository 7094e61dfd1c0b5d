"""The report that people read; it says what the evidence file does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from nn_experiments.evidence import reliability
from nn_experiments.evidence.changes import Change
from nn_experiments.evidence.findings import Findings, Verdict
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.evidence.report import bullets, where
from nn_experiments.evidence.tables import summary_table, verdict_table
from nn_experiments.frequency import noise_size
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.attack_warnings import notes_table
from nn_experiments.studies.optimizers.choices import choices
from nn_experiments.studies.optimizers.measurements import CLEAN, FINISHED, KINDS, Measurements
from nn_experiments.studies.optimizers.predictions import SAME_ORDER, measures_of
from nn_experiments.studies.optimizers.preset import Preset, baseline
from nn_experiments.studies.optimizers.setting import (
    FULL_SCALE_EPOCHS,
    departures,
    engines,
    not_run,
    small_sample,
    what_was_run,
)
from nn_experiments.studies.optimizers.table_4_1 import Size, perturbed_measures, sizes
from nn_experiments.studies.optimizers.tables import (
    NORM_SYMBOLS,
    accuracies,
    bands_table,
    gradients_table,
    lipschitz_and_robustness,
    local_bounds_table,
    measure_text,
    name_of,
    sizes_table,
    trainings,
)
from theory.common import escaping
from theory.common.plurals import counted
from theory.common.tables import TextTable

# What is not as intervals presume, in the sentence that says what they are then worth.
_BAD_SHARE, _BAD_POINTS = 0.2, 20
_AGAINST = -0.9


def report(
    preset: Preset,
    measurements: Measurements,
    findings: Findings,
    environment: Mapping[str, Any],
    figures: Sequence[str] = (),
) -> str:
    """Return the report in Markdown: predictions first, then every comparison, then the numbers.

    Args:
        preset: as it was run.
        measurements: what was measured.
        findings: what it says.
        environment: as for :func:`~nn_experiments.studies.optimizers.evidence.evidence`.
        figures: file names of pictures beside the report, shown after the first table.

    """
    sections = [
        f"# {escaping.markdown(preset.title or name_of(preset))}",
        _scale(preset, measurements),
        "## Verdict",
        summary_table(findings.summaries).markdown(),
        *_changed(findings.changes),
        _how_judged(preset, findings),
        *(f"![{_alternative(name, preset, measurements)}]({name})" for name in figures),
        "## What was run",
        bullets(what_was_run(preset, measurements.noise_norm())),
        *_open_settings(preset),
        "## Comparisons",
        verdict_table(findings.verdicts, measure_text).markdown(),
        "## Accuracy (%)",
        _columns(preset, measurements),
        accuracies(preset, measurements).markdown(),
        *_section("### Warnings about the attacks", notes_table(measurements)),
        *_lipschitz_sections(preset, measurements),
        *_section("## Noise in bands", bands_table(preset, measurements)),
        *_section(
            "## Gradient energy in the irrelevant band", gradients_table(preset, measurements)
        ),
        "## Trainings",
        trainings(preset, measurements).markdown(),
        "## Not run",
        bullets(not_run(preset, findings.verdicts)) or "Nothing was left out.",
        "## Where",
        _where(measurements, environment),
    ]
    return "\n\n".join(sections) + "\n"


def _scale(preset: Preset, measurements: Measurements) -> str:
    losses = [r.training_loss for r in measurements.runs if r.training_loss is not None]
    reached = f"Training loss reached: {min(losses):.3g} to {max(losses):.3g}." if losses else ""
    finished = sum(run.status == FINISHED for run in measurements.runs)
    ran = f"{finished} of {counted(len(measurements.runs), 'training')} finished. {reached}".strip()
    short = [escaping.markdown(text) for text in small_sample(preset)]
    other = [escaping.markdown(text) for text in departures(preset)]
    scale = (
        f"At the thesis's scale: all images, {FULL_SCALE_EPOCHS} epochs or more, standard "
        "AutoAttack on 1,000 images or more, three seeds or more."
    )
    if not short and not other:
        return f"{scale} {ran}"
    run = "a small-sample run" if short else "a run with other settings"
    return " ".join(
        [
            *([] if short else [scale]),
            f"**This is {run}, not the thesis's experiment**: {'; '.join([*short, *other])}.",
            f"What it shows is about this setting alone. {ran}",
        ]
    )


def _changed(changed: Sequence[Change]) -> list[str]:
    if not changed:
        return []
    return [f"**Changed after the results were there**: {_texts(changed)}."]


def _texts(changed: Sequence[Change]) -> str:
    return "; ".join(escaping.markdown(change.text) for change in changed)


def _how_judged(preset: Preset, findings: Findings) -> str:
    judged = [v for v in findings.verdicts if v.outcome != Outcome.NOT_RUN]
    counted = sum(v.is_primary for v in judged)
    confidence = preset.margins.confidence
    return bullets(
        [
            f"Optimizers are compared with {baseline(preset).title} by {confidence:.0%} intervals "
            "over trainings and test images, paired by image. Each is for one comparison, without "
            f"allowance for how many there are: {len(judged)} were run, and {counted} of them "
            "count for a prediction.",
            _how_made(preset),
            *_what_is_presumed(judged, confidence),
            _how_told(preset),
            _errors(judged, (1 - confidence) / 2),
            _margins(preset, findings.changes),
        ]
    )


def _how_made(preset: Preset) -> str:
    n = len(preset.seeds)
    few = (
        f" With {n} trainings of each optimizer that t has {n - 1} to {2 * (n - 1)} degrees of "
        "freedom: only differences that are large beside the spread of trainings can show."
    )
    return (
        "An interval's half width is the root of a sum of squares, each a standard error times its "
        "own t quantile: of the seeds' means (Welch's t over both optimizers, whose seeds count as "
        "independent), of the differences paired by image (where answers are counted, as if one "
        "more image told the two apart), and of the noises where all images share them. Bounds "
        f"have no images: theirs are of the seeds' logarithms alone.{few if n > 1 else ''}"
    )


def _what_is_presumed(judged: Sequence[Verdict], confidence: float) -> list[str]:
    """Say, for the fewest trainings of a comparison, what intervals are worth where it is wrong."""
    seeds = min((n for v in judged for n in v.n_seeds), default=0)
    if seeds < 2:
        return []
    missed = reliability.unseen(_BAD_SHARE, seeds)
    covered = reliability.coverage_if_correlated(seeds, _AGAINST, confidence)
    return [
        f"Intervals presume that trainings scatter nearly normally and independently: with {seeds} "
        f"of each optimizer, a failure by {_BAD_POINTS} points that one training in "
        f"{round(1 / _BAD_SHARE)} has shows in none of them {missed:.0%} of the time, so that up "
        f'to as often "similar" is supported of means that are {_BAD_SHARE * _BAD_POINTS:g} points '
        f"apart; and if seeds of two optimizers went against each other (correlation {_AGAINST:g}),"
        f" the seeds' part of an interval would hold the truth {covered:.0%} of the time, not "
        f"{confidence:.0%}."
    ]


def _how_told(preset: Preset) -> str:
    return (
        "An order is supported where its interval lies above zero, and contradicted where it lies "
        "below. Similarity is supported where the whole interval lies within ± its margin (an "
        "equivalence test) and contradicted where all of it lies outside; a small cost, where the "
        "interval ends at its margin or below, or begins above. All else is inconclusive: the data "
        "do not tell, which is no evidence that there is no difference. Whatever the interval, a "
        f"comparison with a network that fits less than {preset.margins.fitted:g} % of its "
        "training images is inconclusive too, as the theory is about minimizers of the standard "
        "risk, and so is an order of accuracies that are both at one end of the scale."
    )


def _errors(judged: Sequence[Verdict], tail: float) -> str:
    twice = (
        " Networks are ordered as linear models are where both intervals tell an order, and the "
        "same one: as two have a part in it, these chances are doubled there."
        if any(v.prediction == SAME_ORDER for v in judged)
        else ""
    )
    return (
        "A prediction is supported if each counted comparison is, and contradicted if one is. If "
        "intervals are as good as their confidence says, a false one is supported by chance at "
        f"most {tail:.1%} of the time, and a true one with k counted comparisons contradicted at "
        f"most k × {tail:.1%}.{twice}"
    )


def _margins(preset: Preset, changed: Sequence[Change]) -> str:
    margins = preset.margins
    is_changed = any(change.part == "margins" for change in changed)
    when = "changed after the results" if is_changed else "unchanged since the first results here"
    return (
        f"Margins, {when}: standard accuracy ± {margins.accuracy:g}, drop in the lowest band "
        f"± {margins.drop:g}, cost of removing frequencies {margins.filtered:g} percentage points. "
        "Published effects stand beside ours without intervals: the thesis prints means of three "
        "trainings, and no spread."
    )


def _columns(preset: Preset, measurements: Measurements) -> str:
    """Say what the table of accuracies holds, and of how many images each column is."""
    by_size: dict[int, list[str]] = {}
    kinds = [measure for kind in KINDS for measure in measures_of(preset, kind)]
    for measure in (CLEAN, *kinds):
        sizes = {len(run.correct[measure]) for run in measurements.runs if measure in run.correct}
        for size in sizes:
            by_size.setdefault(size, []).append(measure_text(measure))
    meaning = "Ours: mean over seeds ± standard deviation over seeds."
    images = "; ".join(f"{n:,}: {', '.join(texts)}" for n, texts in by_size.items())
    if len(by_size) < 2:
        return f"{meaning} Test images: {images}." if images else meaning
    return (
        f"{meaning} Test images, the first ones: {images}. Columns with different images are not "
        "to be compared with each other."
    )


def _lipschitz_sections(preset: Preset, measurements: Measurements) -> list[str]:
    if not any(run.lipschitz for run in measurements.runs):
        return []
    sections = [
        "## Lipschitz bounds",
        lipschitz_and_robustness([(preset, measurements)]).markdown(),
        _averaged(preset),
        *_section("### Upper and local lower bounds", local_bounds_table(preset, measurements)),
    ]
    found = sizes(preset, measurements)
    if found:
        sections += ["### Which of our bounds is of Table 4.1's size", _which(found)]
        sections.append(sizes_table(found).markdown())
    return sections


def _averaged(preset: Preset) -> str:
    measures, is_published = perturbed_measures(preset)
    which = (
        "as in Figure 4.1" if is_published else "of each kind the middle level, or the lower of two"
    )
    theirs = published.highlighted().get(preset.published)
    if theirs is not None and not is_published:
        which += (
            f"; what is published is over {', '.join(map(measure_text, theirs.measures))}, so that "
            "only the order can be compared"
        )
    return (
        f"Averaged over {', '.join(map(measure_text, measures))}: {which}. After ± stands the "
        "standard deviation over seeds for bounds, and half the interval's width for accuracies"
        f"{_few_seeds(preset)}."
    )


def _few_seeds(preset: Preset) -> str:
    """Say how a half width can be larger than the scale."""
    if len(preset.seeds) != 2:
        return ""
    return (
        ", which two seeds hardly bound: the t quantile of one degree of freedom is 12.7, and a "
        "width beyond the scale says that nothing is known"
    )


def _which(found: Sequence[Size]) -> str:
    near = [
        f"{size.summary} in {NORM_SYMBOLS[size.norm]}"
        for size in found
        if size.is_of_published_size
    ]
    if not near:
        return (
            f"None of {len(found)} summaries of ours is within a factor of two of Table 4.1 for "
            "every optimizer."
        )
    return (
        f"Within a factor of two for every optimizer, of {len(found)} summaries: "
        f"{', '.join(near)}. With so many, one can be so by chance."
    )


def _alternative(name: str, preset: Preset, measurements: Measurements) -> str:
    """Return what stands for a picture where it is not seen."""
    if PurePosixPath(name).stem != "observation_two":
        return name
    size = noise_size.told(
        preset.frequency.sigma, preset.frequency.noises, measurements.noise_norm()
    )
    return f"Drop in accuracy under noise in each band: {size}"


def _open_settings(preset: Preset) -> list[str]:
    found = choices(preset)
    return ["## Where the thesis leaves it open", bullets(found)] if found else []


def _section(heading: str, table: TextTable) -> list[str]:
    return [heading, table.markdown()] if table.rows else []


def _where(measurements: Measurements, environment: Mapping[str, Any]) -> str:
    attackers = [f"attacks, {m}: {', '.join(names)}" for m, names in engines(measurements).items()]
    return where(environment, attackers)
