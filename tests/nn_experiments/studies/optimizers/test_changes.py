"""What was fixed before the results is told from what was changed after them."""

import json
from dataclasses import replace

import pytest

from nn_experiments.evidence.changes import changes
from nn_experiments.studies.optimizers import predictions
from nn_experiments.studies.optimizers.preset import MarginsSpec
from tests.nn_experiments.studies.optimizers.truths import (
    AS_PREDICTED,
    evidence,
    findings,
    judge,
    report,
    rules,
)
from theory.common.files import json_text

WIDER = MarginsSpec(accuracy=50.0)


def as_read(preset):
    """What was fixed, as a file has it: lists for tuples."""
    return json.loads(json_text(rules(preset)))


def test_the_same_settings_are_no_change(preset):
    assert changes(as_read(preset), rules(preset)) == ()
    assert changes(None, rules(preset)) == ()


def test_each_change_has_its_value_before_and_now(preset):
    other = replace(
        preset,
        margins=WIDER,
        robustness=replace(preset.robustness, l2=("0.2",)),
        frequency=replace(preset.frequency, thresholds=()),
    )
    assert [change.text for change in changes(as_read(preset), rules(other))] == [
        "margins.accuracy: 2, now 50",
        "robustness.l2: 0.1 0.5, now 0.2",
        "frequency.thresholds: 30 70, now none",
    ]


def test_a_setting_that_was_not_written_is_no_change(preset):
    assert changes({"margins": {"drop": 2.0}}, rules(replace(preset, margins=WIDER))) == ()


def test_verdicts_that_a_change_concerns_tell_it(preset, compare):
    concerned = {
        "margins": (WIDER, {predictions.STANDARD}),
        "robustness": (replace(preset.robustness, l2=("0.5",)), {predictions.ROBUST}),
        "frequency": (
            replace(preset.frequency, sigma=0.2),
            {predictions.LOW_BAND, predictions.HIGH_BANDS},
        ),
    }
    measured = compare(AS_PREDICTED)
    for part, (value, expected) in concerned.items():
        found = findings(replace(preset, **{part: value}), measured, as_read(preset))
        verdicts = found.verdicts
        told = {v.prediction for v in verdicts if "changed after the results" in v.note}
        assert told == {v.prediction for v in verdicts if v.changed} == expected
        assert {s.prediction for s in found.summaries if "after the res" in s.note} == expected
    stricter = replace(preset, margins=MarginsSpec(confidence=0.99))
    assert all(v.changed for v in judge(stricter, measured, as_read(preset)))


def test_report_and_evidence_tell_a_change_and_keep_what_was_fixed(preset, compare):
    measured, fixed = compare(AS_PREDICTED), as_read(preset)
    other = replace(preset, margins=WIDER)
    text = report(other, measured, {}, fixed=fixed)
    change = "margins.accuracy: 2, now 50"
    assert f"**Changed after the results were there**: {change}." in text
    assert "Margins, changed after the results: standard accuracy ± 50," in text
    found = json.loads(json_text(evidence(other, measured, {}, fixed=fixed)))
    assert found["changed_after_results"] == [change]
    assert found["fixed_before_results"] == fixed
    unchanged = report(preset, measured, {}, fixed=fixed)
    assert "Margins, unchanged since the first results here: standard accuracy ± 2," in unchanged
    assert "hanged after" not in unchanged
    first = json.loads(json_text(evidence(preset, measured, {})))
    assert (first["changed_after_results"], first["fixed_before_results"]) == ([], fixed)


@pytest.mark.parametrize(
    ("part", "change", "concerned"),
    [
        ("margins", {"drop": 3.0}, {predictions.LOW_BAND}),
        ("margins", {"filtered": 3.0}, {predictions.IRRELEVANT}),
        ("margins", {"fitted": 80.0}, set(predictions.PREDICTIONS)),
        ("frequency", {"thresholds": (70,)}, {predictions.IRRELEVANT}),
        ("frequency", {"filters": ("frequency",)}, {predictions.IRRELEVANT}),
        ("robustness", {"images": 100}, {predictions.ROBUST}),
    ],
)
def test_a_change_is_told_where_it_has_a_part_and_nowhere_else(
    preset, compare, part, change, concerned
):
    other = replace(preset, **{part: replace(getattr(preset, part), **change)})
    verdicts = judge(other, compare(AS_PREDICTED), as_read(preset))
    assert {v.prediction for v in verdicts if v.changed} == concerned
