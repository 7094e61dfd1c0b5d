"""What drawings share: each keeps its own names and looks."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.theory.report.small import draw
from theory.report.figures import figure
from theory.report.markup import node
from theory.report.sharing import give_names, share_styles


@pytest.fixture
def drawings(tmp_path: Path) -> list[ET.Element]:
    """Two figures that are drawn alike, so that each id occurs in both files."""
    for name in ("a", "b"):
        draw(tmp_path / f"{name}.svg")
    return [next(figure(tmp_path / f"{n}.svg", "A curve").iter("svg")) for n in ("a", "b")]


def ids(drawing: ET.Element) -> list[str]:
    return [each.attrib["id"] for each in drawing.iter() if each.get("id")]


def referred(drawing: ET.Element) -> set[str]:
    written = ET.tostring(drawing, encoding="unicode")
    return set(re.findall(r"url\(#([^)]*)\)", written)) | {
        use.attrib["href"][1:] for use in drawing.iter("use")
    }


def test_references_stay_inside_their_own_drawing(drawings: list[ET.Element]) -> None:
    one, other = drawings
    assert set(ids(one)) & set(ids(other))
    give_names(drawings)
    assert not set(ids(one)) & set(ids(other))
    for drawing in drawings:
        assert len(ids(drawing)) == len(set(ids(drawing))) >= 1
        assert referred(drawing)
        assert referred(drawing) <= set(ids(drawing))


def test_copies_are_of_what_they_were(tmp_path: Path) -> None:
    """The same element is referred to, under its new name."""
    shapes = [node("path", id=name, d=f"m0 0l{n} 1") for n, name in enumerate(("a", "b", "c"))]
    copies = [node("use", href=f"#{name}") for name in ("c", "a")]
    clipped = node("g", clip_path="url(#b)")
    drawing = node("svg", node("defs", *shapes), *copies, clipped)
    give_names([drawing])
    by_id = {each.get("id"): each for each in drawing.iter() if each.get("id")}
    assert [by_id[use.attrib["href"][1:]].get("d") for use in copies] == ["m0 0l2 1", "m0 0l0 1"]
    assert clipped.attrib["clip-path"] == f"url(#{shapes[1].get('id')})"


def looks(drawing: ET.Element, rules: str) -> list[str | None]:
    """The style of each element, by its own words or by its class."""
    told = dict(re.findall(r"\.(\w+) \{(.*)\}", rules))
    return [told[e.attrib["class"]] if e.get("class") else e.get("style") for e in drawing.iter()]


def test_styles_that_are_told_once_are_the_same_styles(drawings: list[ET.Element]) -> None:
    before = [looks(drawing, "") for drawing in drawings]
    rules = share_styles(drawings)
    assert rules
    assert [looks(drawing, rules) for drawing in drawings] == before
    assert not [e for d in drawings for e in d.iter() if e.get("class") and e.get("style")]


def test_a_style_that_occurs_once_stays() -> None:
    drawing = node("svg", node("path", style="fill:#111"), *(node("g", style="a:b"),) * 1)
    assert share_styles([drawing]) == ""
    assert [each.get("style") for each in drawing] == ["fill:#111", "a:b"]
