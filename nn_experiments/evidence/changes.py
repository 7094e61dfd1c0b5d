"""What is fixed before the results that it judges, and what of it was changed after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Rules = Mapping[str, Mapping[str, Any]]
"""The settings that results are judged by, by part and name, as in a preset or as JSON has them."""


@dataclass(frozen=True)
class Change:
    """A setting that is not what it was when results were first there.

    Attributes:
        part: of the settings, such as ``"margins"``.
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


def changes(fixed: Rules | None, now: Rules) -> tuple[Change, ...]:
    """Return what differs from the rules that were fixed before the results, if there are any.

    A setting that those do not have, as an earlier version wrote them, is left out.
    """
    return tuple(
        Change(part, name, before, value)
        for part, settings in now.items()
        for name, value in settings.items()
        if name in (earlier := (fixed or {}).get(part, {}))
        and _plain(before := earlier[name]) != _plain(value)
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
