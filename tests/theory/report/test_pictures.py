"""Pictures inside the page: as they were written, with words, and with nothing from outside."""

import base64
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest
from matplotlib.figure import Figure

from tests.theory.report.small import draw
from theory.common.errors import UserError
from theory.report.pictures import Picture, figure

_WORDS = ("A <curve>", 'It "rises" from 1 to 9.', "The caption")


def shown(path: Path) -> ET.Element:
    return ET.fromstring(figure(path.parent, Picture(path.name, *_WORDS)))


def embedded(path: Path) -> tuple[str, bytes]:
    """The kind and the bytes of the picture that is shown."""
    (image,) = shown(path).iter("img")
    kind, _, data = image.attrib["src"].partition(",")
    is_base64 = kind.endswith(";base64")
    return kind, base64.b64decode(data) if is_base64 else unquote_to_bytes(data)


def test_a_picture_has_its_makers_words(tmp_path: Path) -> None:
    draw(tmp_path / "curve.svg")
    found = shown(tmp_path / "curve.svg")
    assert next(found.iter("img")).get("alt") == _WORDS[1]
    assert next(found.iter("div")).get("aria-label") == f"Figure: {_WORDS[0]}"
    assert next(found.iter("figcaption")).text == _WORDS[2]


def test_svg_is_embedded_as_it_was_written(tmp_path: Path) -> None:
    draw(tmp_path / "curve.svg")
    kind, data = embedded(tmp_path / "curve.svg")
    assert kind == "data:image/svg+xml"
    assert data.split() == (tmp_path / "curve.svg").read_bytes().split()


def test_pixels_are_embedded_as_they_were_written(tmp_path: Path) -> None:
    draw(tmp_path / "curve.png")
    kind, data = embedded(tmp_path / "curve.png")
    assert kind == "data:image/png;base64"
    assert data == (tmp_path / "curve.png").read_bytes()


@pytest.mark.parametrize("named", [".png", ".svg"])
@pytest.mark.parametrize("smaller", [".png", ".svg"])
def test_of_the_same_picture_the_smaller_file_is_shown(
    tmp_path: Path, named: str, smaller: str
) -> None:
    for suffix in (".png", ".svg"):
        draw(tmp_path / f"curve{suffix}")
    larger = tmp_path / ("curve.svg" if smaller == ".png" else "curve.png")
    larger.write_bytes(larger.read_bytes() + b"<!-- more -->" * 9999)
    kind, _ = embedded(tmp_path / f"curve{named}")
    assert kind.startswith("data:image/svg" if smaller == ".svg" else "data:image/png")


@pytest.mark.parametrize("suffix", [".png", ".svg"])
@pytest.mark.parametrize(("inches", "share"), [(3.6, "--share:0.5"), (7.2, None), (9, None)])
def test_a_narrow_picture_takes_its_share_of_the_width(
    tmp_path: Path, suffix: str, inches: float, share: str | None
) -> None:
    """So that its text is as large as that of a wide one."""
    Figure(figsize=(inches, 2)).savefig(tmp_path / f"drawing{suffix}")
    (image,) = shown(tmp_path / f"drawing{suffix}").iter("img")
    assert image.get("style") == share


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.png", None, "cannot read"),
        ("figure.pdf", b"%PDF", "expected a picture"),
        ("broken.svg", b"<svg>", "expected a picture"),
        ("broken.png", b"GIF", "expected a picture"),
    ],
)
def test_what_cannot_be_shown_is_told(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        figure(tmp_path, Picture(name, *_WORDS))
