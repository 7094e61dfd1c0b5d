"""What templates are given says itself in HTML, with text escaped."""

from xml.etree import ElementTree as ET

import pytest
from jinja2 import UndefinedError
from markupsafe import escape

from theory.report.html import Fact, Formula, Line, Link, boxed, formulas_in, templates

_X = Formula(ET.fromstring("<math><mi>x</mi><mo>&lt;</mo><mspace width='1em'/></math>"))
_SHOWN = '<math><mi>x</mi><mo>&lt;</mo><mspace width="1em" /></math>'


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        (_X, _SHOWN),
        (Link("<a>", 'b"'), '<a href="#b&#34;">&lt;a&gt;</a>'),
        (Line([_X, " > "]), f'<div class="formula">{_SHOWN} &gt; </div>'),
        (Line([], "one"), '<div class="formula" id="one"></div>'),
        (Fact("A & B", ["<", _X]), f"<div><b>A &amp; B: </b>&lt;{_SHOWN}</div>"),
    ],
    ids=["text", "formula", "link", "line", "named line", "fact"],
)
def test_pieces_of_a_page(piece: object, shown: str) -> None:
    assert escape(piece) == shown


def test_formulas_are_found_in_what_holds_them() -> None:
    assert [*formulas_in([Fact("A", ["b", Line([_X])]), "c", _X])] == [_X.math, _X.math]


def test_wide_content_is_reached_by_keyboard_and_has_a_name() -> None:
    shown = boxed("wide", 'What "it" is', "<b>")
    assert 'role="region" aria-label="What &#34;it&#34; is" tabindex="0"' in shown
    assert ">&lt;b&gt;<" in shown


def test_a_name_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        templates().from_string("{{ none_such }}").render()
