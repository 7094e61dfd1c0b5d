"""What is seen in the figures of a study, in words and numbers, from its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

Evidence: TypeAlias = Mapping[str, Any]
"""What :mod:`nn_experiments.evidence` writes for programs."""
Words: TypeAlias = Callable[[Evidence], str]
"""Says what is seen in a figure."""


def described(
    names: Sequence[str], found: Evidence, titles: Mapping[str, str], words: Mapping[str, Words]
) -> list[dict[str, str]]:
    """Return what an evidence file says of its pictures, the value of its key ``pictures``.

    With this a page of all results shows them, of which it knows nothing else.

    Args:
        names: of the files in ``figures/``, without endings.
        found: the rest of the evidence.
        titles: what they are, by their names; of others the name is the title.
        words: say what is seen in them; of others the title says it.

    """
    pictures = []
    for name in names:
        title = titles.get(name, name.replace("_", " "))
        seen = words[name](found) if name in words else title
        entry = {"file": f"figures/{name}.png", "title": title, "alternative": seen}
        pictures.append({**entry, "caption": title})
    return pictures


def effects(found: Evidence) -> str:
    """Say how each prediction came out, of the figure of all effects with their intervals."""
    said = []
    for row in found["summary"]:
        counts = [f"{n} {outcome}" for outcome, n in row["counts"].items() if n]
        said.append(f"{row['prediction']}: {row['verdict']} ({', '.join(counts)})")
    return sentences("Effects with intervals", *said)


def each(pairs: Iterable[tuple[str, str]], between: str = ", ") -> str:
    """Return names with what is said of each."""
    return between.join(f"{name} {value}" for name, value in pairs)


def sentences(*parts: str) -> str:
    """Return sentences, each with a capital and a full stop."""
    return " ".join(f"{part[:1].upper()}{part[1:].removesuffix('.')}." for part in parts)
