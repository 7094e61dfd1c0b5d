"""What networks can be like, and how what is found of them is picked out."""

from nn_experiments.evidence import judge as general
from nn_experiments.evidence.findings import Verdict
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.studies.optimizers import evidence as evidence_file
from nn_experiments.studies.optimizers import pages
from nn_experiments.studies.optimizers import report as report_text
from nn_experiments.studies.optimizers.study import runs_of, study

AS_PREDICTED = {"SGD": 0.2, "Adam": 0.9, "RMSProp": 0.8}
REVERSED = {"SGD": 0.9, "Adam": 0.2, "RMSProp": 0.3}
ALIKE = dict.fromkeys(AS_PREDICTED, 0.4)


def findings(preset, measured, fixed=None):
    """Judge measurements of a preset."""
    compared = study(preset)
    return general.judge(compared, runs_of(measured, compared.cells()), fixed)


def judge(preset, measured, fixed=None) -> tuple[Verdict, ...]:
    """Return the verdict on each comparison."""
    return findings(preset, measured, fixed).verdicts


def summarise(preset, measured, fixed=None):
    """Return the verdict on each prediction as a whole."""
    return findings(preset, measured, fixed).summaries


def rules(preset):
    """Return what a preset is judged by."""
    return study(preset).judged_by


def report(preset, measured, environment, figures=(), fixed=None) -> str:
    """Return the report on measurements."""
    found = findings(preset, measured, fixed)
    return report_text.report(preset, measured, found, environment, figures)


def evidence(preset, measured, environment, timings=None, fixed=None):
    """Return the evidence that measurements are."""
    found = findings(preset, measured, fixed)
    return evidence_file.evidence(preset, measured, found, environment, timings)


def tables(preset, measured, fixed=None):
    """Return all tables of measurements."""
    return pages.tables(preset, measured, findings(preset, measured, fixed))


def of(verdicts: tuple[Verdict, ...], prediction: str, measure: str = "") -> list[Verdict]:
    """Return a prediction's verdicts, on measures with some text in them."""
    found = [v for v in verdicts if v.prediction == prediction and measure in v.measure]
    assert found
    return found


def outcomes(preset, measurements) -> dict[str, Outcome]:
    """Return the outcome of each prediction as a whole."""
    return {s.prediction: s.outcome for s in summarise(preset, measurements)}
