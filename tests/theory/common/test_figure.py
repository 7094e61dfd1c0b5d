"""How figures look, and the files that they become."""

import base64
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from theory.common import figure as style
from theory.common.errors import UserError
from theory.common.figure import house_style, looks, write_figure

PALETTE = ("BLACK", "ORANGE", "SKY", "GREEN", "YELLOW", "BLUE", "VERMILION", "PINK")
TITLE = "Risks <of> signGD & GD"


def drawn(**options):
    with house_style():
        figure = Figure(figsize=(4, 3), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], **options)
        axes.set(xlabel="iteration", ylabel="risk")
        figure.colorbar(axes.imshow(np.eye(2)), ax=axes)
    return figure


def test_each_kind_of_file(tmp_path):
    paths = write_figure(drawn(), tmp_path / "new" / "figure_4.7", TITLE, ("png", "pdf", "svg"))
    assert [path.name for path in paths] == [f"figure_4.7.{k}" for k in ("png", "pdf", "svg")]
    assert sorted((tmp_path / "new").iterdir()) == sorted(paths)
    png, pdf, svg = paths
    with Image.open(png) as image:
        image.load()
        assert image.size == (1200, 900)
        assert image.info["Title"] == TITLE
    assert pdf.read_bytes().startswith(b"%PDF")
    assert b"/Title (Risks <of> signGD & GD)" in pdf.read_bytes()
    assert b"CreationDate" not in pdf.read_bytes()
    root = ET.parse(svg).getroot()
    assert root.findtext("{http://www.w3.org/2000/svg}title") == TITLE
    assert "<dc:date>" not in svg.read_text()
    assert write_figure(drawn(), tmp_path / "coarse", TITLE, ("png",), dpi=100)
    with Image.open(tmp_path / "coarse.png") as image:
        assert image.size == (400, 300)


def test_the_same_figure_is_the_same_file(tmp_path):
    kinds = ("png", "pdf", "svg")
    first = write_figure(drawn(), tmp_path / "first", TITLE, kinds, dpi=50)
    # Drawn anew, and written again.
    figure = drawn()
    for name in ("second", "third"):
        again = write_figure(figure, tmp_path / name, TITLE, kinds, dpi=50)
        assert [a.read_bytes() for a in again] == [b.read_bytes() for b in first]
    other = write_figure(drawn(color=style.BLUE), tmp_path / "other", TITLE, kinds, dpi=50)
    for a, b in zip(other, first, strict=True):
        assert a.read_bytes() != b.read_bytes()


def test_the_layout_does_not_depend_on_what_else_is_written(tmp_path):
    # Laid out anew for each file, panels beside a colour bar would move each time.
    (alone,) = write_figure(drawn(), tmp_path / "alone", TITLE, ("svg",), dpi=50)
    _, second = write_figure(drawn(), tmp_path / "second", TITLE, ("png", "svg"), dpi=50)
    assert second.read_bytes() == alone.read_bytes()


OF_A_USER = {
    "tex": {"text.usetex": True},
    "fonts": {"font.family": "serif", "font.weight": "bold", "mathtext.fontset": "cm"},
    "minus": {"axes.unicode_minus": False, "axes.formatter.use_locale": True},
    "files": {"savefig.bbox": "tight", "savefig.dpi": 33, "savefig.transparent": True},
    "fine print": {"svg.fonttype": "none", "pdf.compression": 0, "path.simplify": False},
    "sizes": {
        "figure.dpi": 31,
        "lines.markersize": 40,
        "axes.grid": True,
        "path.sketch": (1, 9, 2),
    },
    "colours": {
        "axes.facecolor": "red",
        "image.cmap": "gray",
        "axes.prop_cycle": "cycler('lw', [9])",
    },
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return written(tmp_path_factory.mktemp("plain"))


def written(folder):
    paths = write_figure(drawn(), folder / "figure", TITLE, ("png", "pdf", "svg"), dpi=50)
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("settings", [*OF_A_USER.values(), "dark_background"], ids=str)
def test_a_users_settings_change_nothing(tmp_path, plain, settings):
    with mpl.style.context(settings):
        assert written(tmp_path) == plain


@pytest.mark.parametrize("engine", ["figure.constrained_layout.use", "figure.autolayout"])
def test_each_file_is_drawn_once_whatever_engine_others_use(tmp_path, monkeypatch, engine):
    first = write_figure(drawn(), tmp_path / "first", TITLE, ("png", "svg"), dpi=50)
    draw, calls = Figure.draw, []

    def counted(figure, renderer):
        calls.append(renderer)
        draw(figure, renderer)

    monkeypatch.setattr(Figure, "draw", counted)
    with mpl.rc_context({engine: True}):
        again = write_figure(drawn(), tmp_path / "again", TITLE, ("png", "svg"), dpi=50)
    # Once for the layout.
    assert len(calls) == 1 + len(again)
    assert [a.read_bytes() for a in again] == [b.read_bytes() for b in first]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        write_figure(drawn(), tmp_path / "file" / "figure", TITLE, ("png",))


def test_nothing_of_the_style_is_left_outside():
    before = dict(mpl.rcParams)
    with house_style():
        assert mpl.rcParams["axes.titlelocation"] == "left"
        assert mpl.rcParams["font.size"] == 8
    with house_style(titles="center"):
        assert mpl.rcParams["axes.titlelocation"] == "center"
    assert dict(mpl.rcParams) == before


def test_update_rules_are_told_apart_three_times_over():
    titles = ["SGD", "Adam", "RMSprop", "SignSGD", "SGD-m", "AdamW", "Lion"]
    chosen = looks(titles)
    assert list(chosen) == titles
    for what in ("color", "linestyle", "marker"):
        assert len({str(look[what]) for look in chosen.values()}) == len(titles)
    # The same in every figure, however they are spelt and whatever is beside them.
    for same in (("SGD", "GD"), ("SignSGD", "signGD"), ("RMSprop", "RMSProp"), ("Adam", "adam")):
        assert looks([same[0]])[same[0]] == looks(["Lion", same[1]])[same[1]]
    assert len(looks([f"rule {i}" for i in range(9)])) == 9


def test_no_package_has_a_palette_of_its_own():
    """A colour of the palette is written down once."""
    root = Path(style.__file__).parents[2]
    colours = [getattr(style, name).lower() for name in PALETTE]
    assert len(set(colours)) == 8
    files = [
        path.relative_to(root).as_posix()
        for package in ("theory", "simulations", "nn_experiments")
        for path in (root / package).rglob("*.py")
        if any(colour in path.read_text().lower() for colour in colours)
    ]
    assert files == ["theory/common/figure.py"]


def hostile_figure():
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.plot([1, 10], [1, 1000], label=style.in_legend("_mine $x"))
    axes.set_yscale("log")
    axes.set_xticks([1, 10], [r"$\lr$", "b"])
    axes.set_title(r"Adam $\lr$ 1")
    figure.legend()
    figure.supxlabel("cost $5 & $6_x")
    return figure


def test_labels_are_no_mathematics_and_numbers_of_axes_are(tmp_path):
    figure = hostile_figure()
    # As matplotlib reads it, it is no formula.
    with pytest.raises(ValueError, match="lr"):
        figure.draw_without_rendering()
    figure = hostile_figure()
    (svg,) = style.write_figure(figure, tmp_path / "x", "a title", ["svg"])
    parsed = {t.get_text(): t.get_parse_math() for t in figure.findobj(Text) if t.get_text()}
    assert not any(parsed[text] for text in (r"Adam $\lr$ 1", "cost $5 & $6_x", r"$\lr$"))
    assert "\u200b_mine $x" in parsed
    numbers = [t for t in figure.axes[0].get_yticklabels() if "10^" in t.get_text()]
    assert numbers
    assert all(number.get_parse_math() for number in numbers)
    assert svg.exists()


def test_pixels_in_an_svg_are_few_enough_for_a_page(tmp_path):
    """150 an inch at most, of what is drawn as pixels; the PNG has what was asked for."""
    figure = Figure(figsize=(4, 2))
    figure.add_axes((0, 0, 1, 1)).pcolormesh([[1, 2], [3, 4]], rasterized=True)
    png, svg = write_figure(figure, tmp_path / "map", TITLE, ("png", "svg"), dpi=300)
    with Image.open(png) as pixels:
        assert pixels.size == (1200, 600)
    (image,) = ET.parse(svg).getroot().iter("{http://www.w3.org/2000/svg}image")
    data = image.attrib["{http://www.w3.org/1999/xlink}href"].partition(",")[2]
    assert Image.open(BytesIO(base64.b64decode(data))).size == (600, 300)
