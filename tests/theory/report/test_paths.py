"""Paths lose points and digits, and lines stay where they were."""

import random
import re
from typing import Any

import numpy as np
import pytest
from matplotlib.path import Path as Curve

from theory.report import paths
from theory.report.paths import TOLERANCE, shorter

# Half a hundredth in each direction, beside the tolerance.
ROUNDING = 0.005 * 2**0.5


def points_of(path: str) -> list[list[tuple[float, float]]]:
    """The corners of each line of a path, read by the rules of SVG 1.1, 8.3; curves as chords."""
    lines: list[list[tuple[float, float]]] = []
    x = y = 0.0
    for command, text in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", path):
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text)]
        if command in "zZ":
            x, y = lines[-1][0]
            lines[-1].append((x, y))
        size = {"m": 2, "l": 2, "q": 4, "c": 6, "z": 1}[command.lower()]
        for at in range(0, len(numbers), size):
            dx, dy = numbers[at + size - 2 : at + size]
            x, y = (x + dx, y + dy) if command.islower() else (dx, dy)
            if command in "mM":
                lines.append([])
            lines[-1].append((x, y))
    return lines


def distance(point: Any, line: list[tuple[float, float]]) -> float:
    """How far a point is from a line of chords."""
    p, a, b = np.array(point), np.array(line[:-1]), np.array(line[1:])
    along = b - a
    squared = np.maximum((along**2).sum(1), 1e-300)
    part = np.clip(((p - a) * along).sum(1) / squared, 0, 1)
    return float(np.hypot(*(p - a - part[:, None] * along).T).min())


def absolute(points: list[tuple[float, float]]) -> str:
    return "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points)


def walk(seed: int, steps: int, size: float) -> list[tuple[float, float]]:
    draw = random.Random(seed)
    x = y = 200.0
    found = [(x, y)]
    for _ in range(steps):
        x, y = x + draw.uniform(0, size), y + draw.gauss(0, size)
        found.append((x, y))
    return found


@pytest.mark.parametrize("size", [0.02, 0.3, 20.0], ids=str)
def test_lines_stay_within_the_tolerance(size: float) -> None:
    before = walk(1, 400, size)
    text = absolute(before)
    (after,) = points_of(shorter(text))
    assert len(shorter(text)) < len(text)
    lost = [distance(point, after) for point in before]
    assert max(lost) <= TOLERANCE + ROUNDING
    added = [distance(point, before) for point in after]
    assert max(added) <= ROUNDING + 1e-9


def test_few_points_are_left_of_a_fine_line() -> None:
    """And the twin: with ten times the tolerance the line would be farther off than allowed."""
    before = walk(2, 2000, 0.02)
    (after,) = points_of(shorter(absolute(before)))
    assert len(after) < len(before) / 20


def test_a_larger_tolerance_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = walk(1, 400, 0.3)
    monkeypatch.setattr(paths, "TOLERANCE", 3 * TOLERANCE)
    (after,) = points_of(shorter(absolute(before)))
    assert max(distance(point, after) for point in before) > TOLERANCE + ROUNDING


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("M 1 2 L 1.5 2 L 1.5 2.25 z ", "m1 2l.5 0 0 .25z"),
        ("M 10.004 -0.5 L 9 -0.75", "m10-.5l-1-.25"),
        ("M 0 0 C 1 0 2 1 2 2 Q 3 3 4 2", "m0 0c1 0 2 1 2 2q1 1 2 0"),
        ("M 1 1 L 2 2 M 5 5 L 5 9", "m1 1l1 1m3 3l0 4"),
        ("M 1 1 L 2 1 z M 5 5 L 5 9", "m1 1l1 0zm4 4l0 4"),
        ("M 0 0 L 1 0 L 2 0 L 3 0", "m0 0l3 0"),
        ("", ""),
        ("M 0 0 A 1 1 0 0 0 2 2", "M 0 0 A 1 1 0 0 0 2 2"),
        ("M 0 0 H 5", "M 0 0 H 5"),
        ("M 1e-7 0 L 1e2 0", "m0 0l100 0"),
    ],
)
def test_paths_are_written_short(path: str, expected: str) -> None:
    assert shorter(path) == expected


def circle_of(radius: float) -> str:
    circle = 50 + radius * Curve.unit_circle().vertices
    curves = (circle[at : at + 3].ravel() for at in range(1, 25, 3))
    written = ("C " + " ".join(f"{x:.6f}" for x in curve) for curve in curves)
    return f"M {circle[0, 0]:.6f} {circle[0, 1]:.6f} {' '.join(written)} z"


def test_curves_keep_their_points() -> None:
    (before,), (after,) = points_of(circle_of(9)), points_of(shorter(circle_of(9)))
    assert len(before) == len(after)
    assert np.abs(np.array(after) - np.array(before)).max() <= 0.005 + 1e-9


@pytest.mark.parametrize("radius", [0.3, 0.9], ids=str)
def test_a_dot_is_a_polygon_that_is_as_near(radius: float) -> None:
    """Each of its points is about as far from the midst as the circle is."""
    short = shorter(circle_of(radius))
    assert "c" not in short
    (corners,) = points_of(short)
    assert len(corners) <= 10
    circle = [(50 + radius * np.cos(t), 50 + radius * np.sin(t)) for t in np.linspace(0, 6.28, 99)]
    lost = max(distance(point, corners) for point in circle)
    assert lost <= 2 * TOLERANCE + ROUNDING
