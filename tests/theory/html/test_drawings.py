"""Drawings lose bytes and nothing that is seen: lines stay where they were, and texts are texts."""

import base64
import random
import re
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.path import Path as Curve
from PIL import Image

from theory.html import drawings
from theory.html.drawings import TOLERANCE, packed, shorter
from theory.html.figures import figure

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
    monkeypatch.setattr(drawings, "TOLERANCE", 3 * TOLERANCE)
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


# --- Texts ---------------------------------------------------------------------------------------


def drawn(path: Path, text: str, **how: Any) -> ET.Element:
    """A figure with one text, as the page has it."""
    canvas = Figure(figsize=(4, 2))
    canvas.text(0.25, 0.5, text, **how)
    with mpl.rc_context({"svg.hashsalt": "the same"}):
        canvas.savefig(path)
    return next(figure(path, "A text", "one").iter("svg"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("share of the starts", "share of the starts"),
        ("a < b & c > d", "a < b & c > d"),
        ("|ẽ₀| / (σ̃₀²η)", "|ẽ₀| / (σ̃₀²η)"),
        (r"$\mathdefault{10^{-8}}$", "10⁻⁸"),
        (r"$\mathdefault{10^{3}}$", "10³"),
        (r"$\mathdefault{−0.25}$", "−0.25"),
    ],
)
def test_text_is_text(tmp_path: Path, text: str, says: str) -> None:
    svg = drawn(tmp_path / "text.svg", text, fontsize=9, color="#336699")
    (found,) = svg.iter("text")
    assert found.text == says
    assert found.get("font-size") == "9"
    assert found.get("style") == "fill:#336699"
    assert not list(svg.iter("use"))


def test_a_text_is_where_and_as_wide_as_it_was(tmp_path: Path) -> None:
    svg = drawn(tmp_path / "text.svg", "starts too coarse", fontsize=10, rotation=90)
    (found,) = svg.iter("text")
    place = re.fullmatch(r"translate\((\S+) (\S+)\) rotate\(-90\)", found.get("transform", ""))
    assert place is not None
    canvas = Figure(figsize=(4, 2))
    box = canvas.text(0.25, 0.5, "starts too coarse", fontsize=10, rotation=90).get_window_extent()
    width = box.height * 72 / canvas.dpi  # it is turned
    assert float(found.get("textLength", "")) == pytest.approx(width, rel=0.02)


def test_bold_text_is_bold(tmp_path: Path) -> None:
    svg = drawn(tmp_path / "text.svg", "a heading", weight="bold")
    assert [each.get("font-weight") for each in svg.iter("text")] == ["bold"]


@pytest.mark.parametrize(
    "how", [{"family": "serif"}, {"style": "oblique"}], ids=["serif", "oblique"]
)
def test_text_in_another_font_stays_drawn(tmp_path: Path, how: dict[str, str]) -> None:
    svg = drawn(tmp_path / "text.svg", "elsewhere", **how)
    assert not list(svg.iter("text"))
    assert len({use.get("href") for use in svg.iter("use")}) == len(set("elsewhere"))


def test_a_formula_stays_drawn(tmp_path: Path) -> None:
    svg = drawn(tmp_path / "text.svg", r"$\frac{a}{b}$")
    assert not list(svg.iter("text"))
    outlines = {each.get("id") for defs in svg.iter("defs") for each in defs}
    assert {use.get("href", "")[1:] for use in svg.iter("use")} <= outlines


# --- Pixels --------------------------------------------------------------------------------------


def test_pixels_are_packed_without_loss() -> None:
    """Smooth colours, as in a map, where WebP is smaller."""
    x = np.linspace(0, 255, 96)
    values = np.stack(np.broadcast_arrays(x, x[:, None], 128, 255), -1).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(values).save(file, "PNG")
    kind, data = packed("image/png", file.getvalue())
    assert kind == "image/webp"
    assert len(data) < len(file.getvalue())
    with Image.open(BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image.convert("RGBA")), values)


def test_pixels_of_other_kinds_stay() -> None:
    assert packed("image/jpeg", b"anything") == ("image/jpeg", b"anything")


def test_a_map_in_a_drawing_is_packed(tmp_path: Path) -> None:
    canvas = Figure(figsize=(3, 2))
    canvas.subplots().imshow(np.add.outer(np.arange(60), np.arange(90)), rasterized=True)
    canvas.savefig(tmp_path / "map.svg")
    svg = next(figure(tmp_path / "map.svg", "A map", "one").iter("svg"))
    (image,) = svg.iter("image")
    kind, _, data = image.get("href", "").partition(";base64,")
    assert kind in ("data:image/webp", "data:image/png")
    with Image.open(BytesIO(base64.b64decode(data))) as pixels:
        assert pixels.size[0] > 60


# --- What is left out ----------------------------------------------------------------------------


def test_what_is_seen_is_left(tmp_path: Path) -> None:
    """As many curves, markers and texts as were drawn; no names that nothing refers to."""
    canvas = Figure(figsize=(4, 3))
    axes = canvas.subplots()
    axes.plot([1, 2, 3], [1, 4, 9], marker="o", label="one")
    axes.fill_between([1, 2, 3], [0, 3, 8], [2, 5, 10], alpha=0.5)
    axes.legend()
    canvas.savefig(tmp_path / "curve.svg")
    before = drawings.parsed((tmp_path / "curve.svg").read_bytes())
    shown = figure(tmp_path / "curve.svg", "A curve", "one")
    after = next(shown.iter("svg"))
    used = [each for each in before.iter() if str(each.tag).endswith("}use")]
    markers = [use for use in used if "DejaVu" not in str(use.attrib)]
    assert len(list(after.iter("use"))) == len(markers) > 5
    texts = re.findall(r"<!-- (.*?) -->", (tmp_path / "curve.svg").read_text(encoding="utf-8"))
    assert [each.text for each in after.iter("text")] == texts
    written = ET.tostring(shown, encoding="unicode")
    ids = [each.get("id") for each in after.iter() if each.get("id")]
    assert all(f"#{name}" in written for name in ids)
    assert len(written) < (tmp_path / "curve.svg").stat().st_size / 3


def test_a_marker_keeps_the_style_that_its_definition_has_not(tmp_path: Path) -> None:
    canvas = Figure(figsize=(3, 2))
    canvas.subplots().scatter([1, 2], [1, 2], c=["#112233", "#445566"])
    canvas.savefig(tmp_path / "points.svg")
    written = ET.tostring(figure(tmp_path / "points.svg", "Points", "one"), encoding="unicode")
    assert "fill:#112233" in written
    assert "fill:#445566" in written
