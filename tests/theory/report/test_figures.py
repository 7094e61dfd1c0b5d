"""Figures inside the page: with words, with ids of their own, and with nothing from outside."""

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tests.theory.report.small import draw
from theory.common.errors import UserError
from theory.report import figures
from theory.report.figures import figure
from theory.report.markup import text_of


def test_svg_is_preferred_to_pixels_and_has_words(tmp_path: Path) -> None:
    for suffix in (".png", ".svg"):
        draw(tmp_path / f"curve{suffix}")
    shown = figure(tmp_path / "curve.png", "A <curve>")
    (svg,) = shown.iter("svg")
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "A <curve>"
    assert text_of(shown).endswith("A <curve>")
    assert not list(shown.iter("img"))


def test_svg_is_part_of_html(tmp_path: Path) -> None:
    draw(tmp_path / "curve.svg")
    svg = next(figure(tmp_path / "curve.svg", "A curve").iter("svg"))
    names = {name for element in svg.iter() for name in (element.tag, *element.attrib)}
    assert not [name for name in names if "{" in name or ":" in name]
    left_out = {"metadata", "style", "script", "title"}
    assert not {element.tag for element in svg.iter()} & left_out
    assert svg.get("viewBox")
    assert "width" not in svg.attrib


@pytest.mark.parametrize(("inches", "share"), [(3.6, "--share:0.5"), (7.2, None), (9, None)])
def test_a_narrow_drawing_takes_its_share_of_the_width(
    tmp_path: Path, inches: float, share: str | None
) -> None:
    """So that its text is as large as that of a wide one."""
    Figure(figsize=(inches, 2)).savefig(tmp_path / "drawing.svg")
    svg = next(figure(tmp_path / "drawing.svg", "Nothing").iter("svg"))
    assert svg.get("style") == share


def test_the_caption_may_be_shorter_than_the_words(tmp_path: Path) -> None:
    draw(tmp_path / "curve.svg")
    shown = figure(tmp_path / "curve.svg", "A curve that rises from 1 to 9.", "A curve")
    (svg,) = shown.iter("svg")
    assert svg.get("aria-label") == "A curve that rises from 1 to 9."
    (caption,) = shown.iter("figcaption")
    assert caption.text == "A curve"
    assert [box.get("aria-label") for box in shown.iter("div")] == ["Figure: A curve"]


def test_pixels_are_shown_where_there_is_no_svg(tmp_path: Path) -> None:
    draw(tmp_path / "curve.png")
    (image,) = figure(tmp_path / "curve.png", "A curve").iter("img")
    assert image.get("alt") == "A curve"
    kind, _, data = image.get("src", "").partition(",")
    assert kind in ("data:image/png;base64", "data:image/webp;base64")
    with (
        Image.open(BytesIO(base64.b64decode(data))) as shown,
        Image.open(tmp_path / "curve.png") as before,
    ):
        assert np.array_equal(np.asarray(shown.convert("RGBA")), np.asarray(before))


def test_a_very_large_svg_gives_way_to_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix in (".png", ".svg"):
        draw(tmp_path / f"curve{suffix}")
    monkeypatch.setattr(figures, "LARGEST_SVG", 1000)
    assert list(figure(tmp_path / "curve.png", "A curve").iter("img"))
    assert list(figure(tmp_path / "curve.svg", "A curve").iter("svg"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.png", None, "cannot read"),
        ("figure.pdf", b"%PDF", "expected a picture"),
        ("broken.svg", b"<svg>", "expected SVG"),
        ("broken.png", b"GIF", "expected a picture"),
    ],
)
def test_what_cannot_be_shown_is_told(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        figure(tmp_path / name, "A curve")
