"""Drawings lose bytes and nothing that is seen: texts are texts, and ticks are where they were."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.theory.report.test_paths import points_of
from theory.report import drawings
from theory.report.figures import figure

# --- Texts ---------------------------------------------------------------------------------------


def drawn(path: Path, text: str, **how: Any) -> ET.Element:
    """A figure with one text, as the page has it."""
    canvas = Figure(figsize=(4, 2))
    canvas.text(0.25, 0.5, text, **how)
    with mpl.rc_context({"svg.hashsalt": "the same"}):
        canvas.savefig(path)
    return next(figure(path, "A text").iter("svg"))


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
    assert svg.get("font-size") == "9"
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


# --- Ticks ---------------------------------------------------------------------------------------


def ticks_of(svg: ET.Element) -> list[tuple[float, ...]]:
    """The ends of each straight line that stands outside the axes' frame, as a reader of SVG sees.

    Copies of a line count as that line, moved.
    """
    lines = {f"#{p.get('id')}": p.get("d", "") for d in svg.iter("defs") for p in d.iter("path")}
    found = []
    for use in svg.iter("use"):
        x, y = float(use.attrib["x"]), float(use.attrib["y"])
        for line in points_of(lines[use.attrib["href"]]):
            found.append(tuple(c for px, py in line for c in (x + px, y + py)))
    for path in (p for p in svg if p.tag == "path"):
        for line in points_of(path.get("d", "")):
            found.append(tuple(c for point in line for c in point))
    return sorted(line for line in found if len(line) == 4)


def test_ticks_are_where_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each to 1/100 from each of three roundings, and in the order of the axes."""
    canvas = Figure(figsize=(4, 3))
    for axes in canvas.subplots(1, 2):
        axes.plot([1, 2, 3], [1, 40, 9])
        axes.set_yscale("log")
    canvas.savefig(tmp_path / "axes.svg")
    after = next(figure(tmp_path / "axes.svg", "Axes").iter("svg"))
    monkeypatch.setattr(drawings, "_draw_ticks", lambda svg: None)
    before = next(figure(tmp_path / "axes.svg", "Axes").iter("svg"))
    assert len([*before.iter("use")]) > 20
    assert not [*after.iter("use")]
    assert len(ticks_of(before)) == len(ticks_of(after)) > 20
    assert np.allclose(ticks_of(before), ticks_of(after), rtol=0, atol=3 * 0.005 + 1e-9)
    assert [text.text for text in after.iter("text")] == [text.text for text in before.iter("text")]
    assert len(ET.tostring(after)) < 0.8 * len(ET.tostring(before))


def test_ticks_keep_their_look(tmp_path: Path) -> None:
    canvas = Figure(figsize=(3, 2))
    canvas.subplots().tick_params(width=2.5)
    canvas.savefig(tmp_path / "axes.svg")
    svg = next(figure(tmp_path / "axes.svg", "Axes").iter("svg"))
    looks = [path.get("style") for path in svg.iter("path") if path.get("d", "").count("m") > 3]
    assert looks == ["stroke:#000000;stroke-width:2.5"] * 2


def test_markers_on_a_line_are_no_ticks(tmp_path: Path) -> None:
    """They may lie on one another, and each counts."""
    canvas = Figure(figsize=(3, 2))
    axes = canvas.subplots()
    axes.axis("off")
    axes.plot([1, 2, 2, 3], [1, 4, 4, 9], marker="o")
    canvas.savefig(tmp_path / "points.svg")
    svg = next(figure(tmp_path / "points.svg", "Points").iter("svg"))
    assert len([*svg.iter("use")]) == 4


def test_the_size_of_most_texts_is_told_once(tmp_path: Path) -> None:
    canvas = Figure(figsize=(3, 2))
    for place, size in enumerate((7, 7, 9)):
        canvas.text(0.1, 0.3 * place, f"text {place}", fontsize=size)
    canvas.savefig(tmp_path / "texts.svg")
    svg = next(figure(tmp_path / "texts.svg", "Texts").iter("svg"))
    own = svg.get("font-size")
    assert [text.get("font-size", own) for text in svg.iter("text")] == ["7", "7", "9"]
    assert own == "7"


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
    shown = figure(tmp_path / "curve.svg", "A curve")
    after = next(shown.iter("svg"))
    used = [each for each in before.iter() if str(each.tag).endswith("}use")]
    markers = [use for use in used if "DejaVu" not in str(use.attrib)]
    ticks = [use for use in markers if "clip" not in str(use.attrib)]
    drawn = len(list(after.iter("use"))) + len(ticks_of(after))
    assert len(ticks) > 5
    assert drawn == len(markers) + 5  # the frame, and the line in the legend
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
    written = ET.tostring(figure(tmp_path / "points.svg", "Points"), encoding="unicode")
    assert "fill:#112233" in written
    assert "fill:#445566" in written
