"""What the text reports of training on minibatches: does it show in our runs?

Where the text gives no number, the criterion is stated here and either needs none or is coarse.
"""

import numpy as np

from simulations.studies.figure_4_7.experiment import Experiment, Theory
from simulations.studies.figure_4_7.published import comparisons
from simulations.studies.figure_4_7.settings import OPTIMIZERS
from simulations.study.evidence import Check, judged
from theory.model.orbit import SignGDLimit
from theory.published import figure_4_7

_NEAR_ZERO = 1e-3
_MOST = 0.9


def observations(experiment: Experiment, theory: Theory) -> dict[str, Check]:
    """Return a check for each observation.

    There is none where the problem is not the published one, an optimizer is missing, or there are
    fewer iterations than in the authors' notebook.
    """
    settings, orbit = experiment.settings, theory.orbit
    complete = set(settings.optimizers) == set(OPTIMIZERS) and not experiment.failures
    long_enough = settings.iterations >= figure_4_7().notebook_iterations
    if orbit is None or not (complete and long_enough and settings.is_published_problem()):
        return {}
    return {
        "ratio_observed": _ratio_observed(experiment, theory),
        "phases_signgd": _phases_of_signgd(experiment, orbit),
        "standard_risk_near_zero": _standard_risk_near_zero(experiment),
        "adaptive_less_robust": _adaptive_less_robust(experiment),
        "adam_follows_signgd": _follows_signgd(experiment),
        "adam_phases": _phases_of_adaptive(experiment),
    }


def _ratio_observed(experiment: Experiment, theory: Theory) -> Check:
    final = next(c for c in comparisons(experiment, theory) if "last iteration" in c.name)
    return judged(
        bool(final.agrees),
        f"mean over seeds within half a printed digit + 1.96 standard errors of {final.published}",
        f"{final.ours:.4f} ± {final.standard_error or 0:.4f}. {final.explanation or ''}".strip(),
    )


def _phases_of_signgd(experiment: Experiment, orbit: SignGDLimit) -> Check:
    at = int(np.abs(experiment.iterations - orbit.T).argmin())
    share = _share_of_change(experiment.runs["signGD"].e_tilde[:, :, 2], at)
    return judged(
        bool((share >= _MOST).all()),
        f"at least {_MOST:.0%} of the change of ẽ2 comes before T = {orbit.T}, for every seed",
        f"{share.min():.1%} to {share.max():.1%}",
    )


def _phases_of_adaptive(experiment: Experiment) -> Check:
    """Adam's and RMSProp's ẽ2 has moved when ẽ0 first changes sign, as recorded."""
    shares = {}
    for name in ("Adam", "RMSProp"):
        e = experiment.runs[name].e_tilde
        changed = np.sign(e[:, :, 0]) != np.sign(e[:, :1, 0])
        at = np.where(changed.any(axis=1), changed.argmax(axis=1), -1)
        shares[name] = _share_of_change(e[:, :, 2], at).min()
    return judged(
        min(shares.values()) >= _MOST,
        f"at least {_MOST:.0%} of the change of ẽ2 comes before ẽ0 changes sign, for every seed",
        ", ".join(f"{name} {share:.1%} or more" for name, share in shares.items()),
    )


def _share_of_change(e2: np.ndarray, at: int | np.ndarray) -> np.ndarray:
    """|ẽ2(at) − ẽ2(0)| over |ẽ2(end) − ẽ2(0)| for each seed; ``e2`` has shape (S, K)."""
    seeds = np.arange(len(e2))
    return np.abs(e2[seeds, at] - e2[:, 0]) / np.abs(e2[:, -1] - e2[:, 0])


def _standard_risk_near_zero(experiment: Experiment) -> Check:
    left = {name: (r[:, -1] / r[:, 0]).max() for name, r in experiment.standard_risk.items()}
    return judged(
        max(left.values()) <= _NEAR_ZERO,
        f"final standard risk at most {_NEAR_ZERO:g} of the initial one, for every seed",
        ", ".join(f"{name} {value:.1e}" for name, value in left.items()),
    )


def _adaptive_less_robust(experiment: Experiment) -> Check:
    risks = experiment.adversarial_risk
    excess = {n: (r[:, -1] / risks["GD"][:, -1]).min() for n, r in risks.items() if n != "GD"}
    return judged(
        min(excess.values()) > 1,
        "final adversarial risk above GD's for every seed",
        ", ".join(f"{name} {value:.3f} times GD's or more" for name, value in excess.items()),
    )


def _follows_signgd(experiment: Experiment) -> Check:
    """Adam's trajectory is nearer to signGD's than to GD's, along every frequency and seed."""
    e = {name: of.e_tilde for name, of in experiment.runs.items()}
    to_signgd, to_gd = (
        np.abs(e["Adam"] - e[other]).max(axis=1).mean(axis=0) for other in ("signGD", "GD")
    )
    nearer = np.abs(e["Adam"] - e["signGD"]).max(axis=1) < np.abs(e["Adam"] - e["GD"]).max(axis=1)
    return judged(
        bool(nearer.all()),
        "greatest distance over t to signGD below that to GD, for each ẽ_i and seed",
        "; ".join(
            f"ẽ{i}: {near:.2f} to signGD, {far:.2f} to GD"
            for i, (near, far) in enumerate(zip(to_signgd, to_gd, strict=True))
        ),
    )
