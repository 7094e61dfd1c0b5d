"""Figures inside the page: with words, with ids of their own, and with nothing from outside."""

import base64
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.theory.html.small import draw
from theory.errors import UserError
from theory.html import figures
from theory.html.figures import figure
from theory.html.markup import text_of


def test_svg_is_preferred_to_pixels_and_has_words(tmp_path: Path) -> None:
    for suffix in (".png", ".svg"):
        draw(tmp_path / f"curve{suffix}")
    shown = figure(tmp_path / "curve.png", "A <curve>", "one")
    (svg,) = shown.iter("svg")
    assert svg.get("role") == "img"
    (title,) = svg.iter("title")
    assert svg.get("aria-labelledby") == title.get("id")
    assert title.text == "A <curve>"
    assert text_of(shown).endswith("A <curve>")
    assert not list(shown.iter("img"))


def test_svg_is_part_of_html(tmp_path: Path) -> None:
    draw(tmp_path / "curve.svg")
    svg = next(figure(tmp_path / "curve.svg", "A curve", "one").iter("svg"))
    names = {name for element in svg.iter() for name in (element.tag, *element.attrib)}
    assert not [name for name in names if "{" in name or ":" in name]
    assert not {element.tag for element in svg.iter()} & {"metadata", "style", "script"}
    assert svg.get("viewBox")
    assert "width" not in svg.attrib


def test_references_stay_inside_their_own_figure(tmp_path: Path) -> None:
    """Both figures are drawn alike, so that each id occurs in both files."""
    for name in ("a", "b"):
        draw(tmp_path / f"{name}.svg")
    trees = {n: figure(tmp_path / f"{n}.svg", "A curve", f"fig-{n}") for n in ("a", "b")}
    ids = {n: [e.get("id") for e in tree.iter() if e.get("id")] for n, tree in trees.items()}
    assert len(ids["a"]) == len(set(ids["a"])) > 10
    assert not set(ids["a"]) & set(ids["b"])
    for name, tree in trees.items():
        written = ET.tostring(tree, encoding="unicode")
        referred = {part.split(")")[0] for part in written.split("url(#")[1:]}
        referred |= {e.get("href", "")[1:] for e in tree.iter("use")}
        assert referred
        assert referred <= set(ids[name])


def test_paths_are_rounded_to_a_hundredth_of_a_point(tmp_path: Path) -> None:
    """Half a hundredth at most is lost; a coarser rounding would be seen here."""
    draw(tmp_path / "curve.svg")
    before, after = (
        [float(n) for e in tree.iter() for n in re.findall(r"-?[0-9.]+", e.get("d", ""))]
        for tree in (
            ET.parse(tmp_path / "curve.svg").getroot(),
            figure(tmp_path / "curve.svg", "A curve", "one"),
        )
    )
    lost = [abs(a - b) for a, b in zip(after, before, strict=True)]
    assert 0.002 < max(lost) <= 0.005 + 1e-9


def test_pixels_are_kept_whole_where_there_is_no_svg(tmp_path: Path) -> None:
    draw(tmp_path / "curve.png")
    (image,) = figure(tmp_path / "curve.png", "A curve", "one").iter("img")
    assert image.get("alt") == "A curve"
    kind, _, data = image.get("src", "").partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == (tmp_path / "curve.png").read_bytes()


def test_a_very_large_svg_gives_way_to_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix in (".png", ".svg"):
        draw(tmp_path / f"curve{suffix}")
    monkeypatch.setattr(figures, "LARGEST_SVG", 1000)
    assert list(figure(tmp_path / "curve.png", "A curve", "one").iter("img"))
    assert list(figure(tmp_path / "curve.svg", "A curve", "one").iter("svg"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.png", None, "cannot read"),
        ("figure.pdf", b"%PDF", "expected a picture"),
        ("broken.svg", b"<svg>", "expected SVG"),
    ],
)
def test_what_cannot_be_shown_is_told(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        figure(tmp_path / name, "A curve", "one")
