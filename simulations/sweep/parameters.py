"""What may be swept of a training run."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from simulations.engine.rules import KINDS
from simulations.sweep.grid import Parameter, Scalar
from simulations.sweep.notation import SEEDS
from theory.common.tables import TextTable

POWER_LAW: Final = "power-law"
MEASURED: Final = "measured:"
GIVEN: Final = "given:"
EVERY_RULE: Final = "all"
POPULATION: Final = 0
"""Value of ``samples_per_step`` that stands for the population gradient."""
DEFAULT_SEEDS: Final = 8
DEFAULT_D: Final = 64
DEFAULT_LEARNING_RATE: Final = 0.01
DEFAULT_SHARE: Final = 1 / 3
"""Of irrelevant frequencies, where only power laws are among the spectra."""
OF_POWER_LAW: Final = MappingProxyType({"exponent": 1.0, "sigma0_sq": 1.0})
"""What only a power law has, with its default."""
SCHEDULES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "constant": (),
        "polynomial": ("schedule_steps", "power"),
        "cosine": ("schedule_steps",),
        "inverse-time": ("schedule_steps",),
    }
)
"""The parameters that each schedule uses."""
WHICH: Final = ("irrelevant", "irrelevant_share", "irrelevant_at")
"""Ways to say which frequencies are irrelevant."""
PROBLEM: Final = (
    *("spectrum", "exponent", "sigma0_sq", *WHICH, "energy"),
    *("target_scale", "target_weights", "start_scale", "start_weights"),
)
"""What decides, with the dimension and the seed, the problem that is trained on."""
OPTIONS: Final = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.defaults))
"""Options of rules; each rule has some."""
NUMBERS: Final = ("learning_rate", "l2_penalty", "weight_decay", *OPTIONS)
"""What a rule may have numbers of its own for."""


SINGLE_RUNS: Final = (
    "At a constant rate, once they have converged, rules with running means of squares, as RMSProp "
    "and Adafactor, magnify rounding: single runs then differ between implementations and "
    "versions, and what to rely on are medians over seeds"
)
"""What holds of single runs, in words."""


class _Known(NamedTuple):
    """A parameter, and what is said of it; ``default`` is of one that is filled in later."""

    parameter: Parameter
    about: str
    default: str = ""


def _users(option: str) -> str:
    using = [name for name, kind in KINDS.items() if option in kind.defaults]
    return f"of {', '.join(using)}"


def _optional(name: str, kind: type[Any], about: str, default: str = "") -> _Known:
    return _Known(Parameter(name, kind, optional=True), about, default)


# Those up to iterations are what a compiled program is for, so that its points are neighbours.
_KNOWN: Final = (
    _Known(
        Parameter("rule", str, "signGD"),
        f"{', '.join(KINDS)}; {EVERY_RULE} is every one; Adam@0.001 has its own learning rate, "
        "Adam@0.0001:0.1:4:log is one with each of four, and 'Adam@0.001 beta1=0.5' has more "
        "numbers of its own; those that PyTorch has do as it does in float64 (NAdam only after "
        "torch.set_default_dtype(torch.float64), as torch keeps a part of it in float32). "
        f"{SINGLE_RUNS}",
    ),
    _optional("d", int, "number of frequencies", f"{DEFAULT_D}, or as many as the spectrum has"),
    _Known(
        Parameter("schedule", str, "constant", tuple(SCHEDULES)),
        f"of the learning rate: {', '.join(SCHEDULES)}",
    ),
    _optional(
        "schedule_steps",
        int,
        "updates until the rate is 0; until it is half, of inverse-time",
        "iterations",
    ),
    _optional("power", float, "of the schedule polynomial", "1"),
    _Known(Parameter("iterations", int, 1000), "updates of a run"),
    _Known(
        Parameter("samples_per_step", int, POPULATION),
        f"inputs in a minibatch; {POPULATION} for the population gradient",
    ),
    _Known(
        Parameter("spectrum", str, POWER_LAW),
        f"{POWER_LAW}; {MEASURED}FILE, a .json or .csv with the energy of each frequency, as "
        "python -m nn_experiments data NAME --energy FILE.json writes that of a data set; or "
        f"{GIVEN} and d variances with blanks between",
    ),
    _optional("exponent", float, "variances fall as 1/(k + 1)^exponent, of power-law", "1"),
    _optional("sigma0_sq", float, "variance of the lowest frequency, of power-law", "1"),
    _optional("irrelevant", int, "number of irrelevant frequencies, the highest"),
    _optional(
        "irrelevant_share",
        float,
        "their share of all, from 0 to below 1, in place of their number",
        "1/3 of power-law; of other spectra, those without energy are irrelevant",
    ),
    _optional("irrelevant_at", str, "their indices with blanks between, as 2 or 5 9 10"),
    _Known(Parameter("energy", float, 0.0), "variance at each irrelevant frequency"),
    _optional("target_scale", float, "standard deviation of random true weights", "1"),
    _optional("target_weights", str, "true weights w̃*, d numbers with blanks between"),
    _optional("start_scale", float, "standard deviation of random initial weights", "1"),
    _optional("start_weights", str, "initial weights w̃(0), d numbers with blanks between"),
    _optional(
        "learning_rate",
        float,
        "η, before the schedule, of rules without their own",
        f"{DEFAULT_LEARNING_RATE:g}",
    ),
    _optional("l2_penalty", float, "λ of the λw added to gradients", "0"),
    _optional("weight_decay", float, "λ of the ηλw taken off weights", "0.01 of AdamW, else 0"),
    *(_optional(name, float, _users(name), "the rule's") for name in OPTIONS),
    _Known(Parameter("epsilon", float, "sqrt(2)"), "radius of the ℓ2 ball of perturbations"),
)
PARAMETERS: Final = tuple(known.parameter for known in _KNOWN)


def parameters_table() -> TextTable:
    """Return a table of what may be swept."""
    rows = [
        [k.parameter.name, _as_text(k.parameter.default) or k.default or "–", k.about]
        for k in _KNOWN
    ]
    about_seeds = "of random weights and minibatches: how many, or first:last"
    return TextTable(
        ("parameter", "default", "meaning"), [*rows, [SEEDS, str(DEFAULT_SEEDS), about_seeds]]
    )


def _as_text(default: Scalar | None) -> str:
    return f"{default:g}" if isinstance(default, float) else "" if default is None else str(default)
