"""The predictions of chapter 4 about trained networks, and what a verdict on one of them says.

A prediction makes comparisons: of two optimizers
(:mod:`~nn_experiments.studies.optimizers.comparisons`), or of trainings without a filter and with
one (:mod:`~nn_experiments.studies.optimizers.removal`).
:mod:`~nn_experiments.studies.optimizers.judge` puts them together.
"""

from __future__ import annotations

from dataclasses import dataclass

from nn_experiments.evidence.intervals import Interval
from nn_experiments.evidence.outcomes import Outcome

STANDARD = "similar standard accuracy"
ROBUST = "SGD is more robust"
LIPSCHITZ = "SGD has the smaller Lipschitz bound"
LOW_BAND = "equal response in the lowest band"
HIGH_BANDS = "adaptive methods respond more in high bands"
IRRELEVANT = "irrelevant frequencies can be removed"
ENERGY = "adaptive methods use irrelevant frequencies more"
LINEAR = "networks are ordered as linear models are"

PREDICTIONS: dict[str, str] = {
    STANDARD: "section 4.1.1, Figure 4.1",
    ROBUST: "section 4.1.1, Figure 4.1, Table 4.3",
    LIPSCHITZ: "section 4.5, Table 4.1",
    LOW_BAND: "section 4.3.2, Figures 4.6 and 4.17",
    HIGH_BANDS: "section 4.3.2, Figures 4.6 and 4.17",
    IRRELEVANT: "section 4.3.1, Figure 4.3",
    ENERGY: "Claim 4.3.1, section 4.4",
    LINEAR: "section 4.4 carried over",
}
"""Each prediction and where the thesis makes it."""

POINTS = "percentage points"
LN_RATIO = "ln ratio"


@dataclass(frozen=True)
class Verdict:
    """What measurements say about one comparison that a prediction makes.

    Attributes:
        prediction: one of :data:`PREDICTIONS`.
        comparison: what the effect is, such as ``"SGD − Adam"``.
        measure: what was measured, such as ``"l2/0.5"`` or ``"mean over l2"``.
        outcome: what the interval says.
        effect: the effect and its interval, or None if not run.
        unit: of the effect.
        margin: what the interval was held against, if not 0.
        n_seeds: trainings behind each side of the comparison, in the order that it names them.
        n_images: test images behind it; 0 where the quantity is of the network alone.
        published: the published effect, in the same unit.
        published_otherwise: what it would be if what the thesis prints were read another way:
            of Table 4.1, as logarithms of products and not as products.
        is_primary: whether it counts for the prediction as a whole.
        uncounted: why it does not count, where what is compared and not only how is the reason.
        changed: what it is judged by that was changed after the results, if anything.
        note: what a reader should know.

    """

    prediction: str
    comparison: str
    measure: str
    outcome: Outcome
    effect: Interval | None = None
    unit: str = POINTS
    margin: float | None = None
    n_seeds: tuple[int, int] = (0, 0)
    n_images: int = 0
    published: float | None = None
    published_otherwise: float | None = None
    is_primary: bool = True
    uncounted: str = ""
    changed: str = ""
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """A prediction as a whole: all its primary comparisons together."""

    prediction: str
    outcome: Outcome
    counts: dict[Outcome, int]
    """How many primary comparisons came out how."""
    where: str
    note: str = ""
    """Why nothing counts, where something was measured; what was changed after the results."""
