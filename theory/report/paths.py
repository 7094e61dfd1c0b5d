"""Data of SVG paths, made short: points go that no screen or printer shows."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

TOLERANCE: Final = 0.1
"""How far a line may be from its points, in Matplotlib's unit, 1/72 inch: a fifth of a pixel."""

NUMBER: Final = r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?"
_TOKEN: Final = re.compile(rf"([A-Za-z])|({NUMBER})")
_PAIRS: Final = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 0}
"""How many points each of the commands that Matplotlib writes has."""


def shorter(path: str) -> str:
    """Return a path's data with fewer points and digits.

    Lines are off by ``TOLERANCE`` and rounding to 1/100 at most, and by that much again where they
    were curves. Data with commands that Matplotlib does not write are returned as they are.
    """
    steps = _steps(path)
    if steps is None:
        return path
    written, before = "", ""
    at = start = np.zeros(2, int)
    for command, points in _thinned(steps):
        hundredths = np.rint(100 * points).astype(int)
        if command == "Z":
            at = start
            written += "z"
        else:
            repeated = command == before and command != "M"
            written += _numbers((hundredths - at).ravel(), " " if repeated else command.lower())
            at = hundredths[-1]
            start = at if command == "M" else start
        before = command
    return written


def _steps(path: str) -> list[tuple[str, np.ndarray]] | None:
    """Return a path's commands with their points, shape (points, 2), none if there is another."""
    steps: list[tuple[str, list[float]]] = []
    for command, number in _TOKEN.findall(path):
        if command:
            steps.append((command.upper() if command == "z" else command, []))
        elif not steps:
            return None
        else:
            steps[-1][1].append(float(number))
    if any(c not in _PAIRS or len(numbers) != 2 * _PAIRS[c] for c, numbers in steps):
        return None
    return [(command, np.reshape(numbers, (-1, 2))) for command, numbers in steps]


def _thinned(steps: list[tuple[str, np.ndarray]]) -> Iterator[tuple[str, np.ndarray]]:
    """Leave out points of lines that are nearly straight there; a flat curve is a line."""
    line: list[np.ndarray] = []
    for command, points in steps:
        if line and (command == "L" or (command in "QC" and _is_flat(line[-1], points))):
            line.append(points[-1])
            continue
        yield from (("L", p[None]) for p in _few(line)[1:])
        yield command, points
        line = [points[-1]] if len(points) else []
    yield from (("L", p[None]) for p in _few(line)[1:])


def _is_flat(start: np.ndarray, points: np.ndarray) -> bool:
    """Whether a curve, which lies within the hull of its points, is as near its chord."""
    return float(_distances(points[:-1], start, points[-1]).max()) <= TOLERANCE


def _few(line: list[np.ndarray]) -> np.ndarray:
    """Return the points from which no point of the line is farther than the tolerance.

    Ramer, Douglas and Peucker's method: the farthest point from a chord divides it.
    """
    points = np.array(line).reshape(-1, 2)
    kept = np.zeros(len(points), bool)
    kept[[0, -1] if len(points) else []] = True
    chords = [(0, len(points) - 1)]
    while chords:
        first, last = chords.pop()
        if last - first < 2:
            continue
        away = _distances(points[first + 1 : last], points[first], points[last])
        far = int(away.argmax())
        if away[far] > TOLERANCE:
            middle = first + 1 + far
            kept[middle] = True
            chords += [(first, middle), (middle, last)]
    return points[kept]


def _distances(points: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the distances of points from the chord between two."""
    along = last - first
    squared = float(along @ along)
    part = np.clip((points - first) @ along / squared, 0, 1) if squared else np.zeros(len(points))
    return np.hypot(*(points - first - part[:, None] * along).T)


def _numbers(hundredths: np.ndarray, text: str) -> str:
    """Write numbers after a text, as short as can be: 0.50, -0.25 and 1.00 as .5-.25 1."""
    for number in hundredths.tolist():
        one = f"{number / 100:.2f}".rstrip("0").rstrip(".")
        one = re.sub(r"^(-?)0\.", r"\1.", one)
        text += one if text[-1:].isalpha() or one.startswith("-") else f" {one}"
    return text.replace("  ", " ").replace(" -", "-")
