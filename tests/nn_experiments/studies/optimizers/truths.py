"""What networks can be like, and how the verdicts on them are picked out."""

from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.studies.optimizers.judge import judge, summarise
from nn_experiments.studies.optimizers.predictions import Verdict

AS_PREDICTED = {"SGD": 0.2, "Adam": 0.9, "RMSProp": 0.8}
REVERSED = {"SGD": 0.9, "Adam": 0.2, "RMSProp": 0.3}
ALIKE = dict.fromkeys(AS_PREDICTED, 0.4)


def of(verdicts: tuple[Verdict, ...], prediction: str, measure: str = "") -> list[Verdict]:
    """Return a prediction's verdicts, on measures with some text in them."""
    found = [v for v in verdicts if v.prediction == prediction and measure in v.measure]
    assert found
    return found


def outcomes(preset, measurements) -> dict[str, Outcome]:
    """Return the outcome of each prediction as a whole."""
    return {s.prediction: s.outcome for s in summarise(judge(preset, measurements))}
