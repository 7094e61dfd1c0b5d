"""What is fixed before the results that it judges, and what of it was changed after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nn_experiments.specs import Preset

Rules = Mapping[str, Mapping[str, Any]]
"""The settings in :data:`PARTS` by part and name, as in the preset or as JSON has them."""

PARTS = ("margins", "robustness", "frequency")
"""Parts of a preset that results are judged by: margins, levels, bands, thresholds."""


@dataclass(frozen=True)
class Change:
    """A setting that is not what it was when results were first there.

    Attributes:
        part: one of :data:`PARTS`.
        name: of the setting.
        before: its value then.
        now: its value.

    """

    part: str
    name: str
    before: Any
    now: Any

    @property
    def text(self) -> str:
        """The change in words, such as ``"margins.accuracy: 2, now 50"``."""
        return f"{self.part}.{self.name}: {_text(self.before)}, now {_text(self.now)}"


def rules(preset: Preset) -> Rules:
    """Return what a preset is judged by."""
    found = asdict(preset)
    return {part: found[part] for part in PARTS}


def changes(fixed: Rules | None, preset: Preset) -> tuple[Change, ...]:
    """Return what differs from the rules that were fixed before the results, if there are any.

    A setting that those do not have, as an earlier version wrote them, is left out.
    """
    return tuple(
        Change(part, name, before, value)
        for part, now in rules(preset).items()
        for name, value in now.items()
        if name in (earlier := (fixed or {}).get(part, {}))
        and _plain(before := earlier[name]) != _plain(value)
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
