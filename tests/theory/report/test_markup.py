"""Elements, their text, and what wraps wide content."""

import pytest

from theory.report.markup import Child, add, node, page_text, scrolling, text_of


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ((), "<p></p>"),
        (("a < b & c",), "<p>a &lt; b &amp; c</p>"),
        (("a", "b"), "<p>ab</p>"),
        ((node("i", "x"), "b", None, "c"), "<p><i>x</i>bc</p>"),
        (("a", node("i"), node("b"), "c"), "<p>a<i></i><b></b>c</p>"),
    ],
    ids=["nothing", "escaped", "texts", "mixed", "empty elements"],
)
def test_children_follow_one_another(children: tuple[Child, ...], expected: str) -> None:
    assert page_text(node("p", *children)) == f"<!DOCTYPE html>\n{expected}\n"


def test_attributes_are_named_as_in_html() -> None:
    element = node("div", class_="a b", data_status="x", aria_label='"', hidden="", id=None)
    written = '<div class="a b" data-status="x" aria-label="&quot;" hidden=""></div>'
    assert written in page_text(element)


def test_void_elements_are_not_closed_and_scripts_not_escaped() -> None:
    text = page_text(node("p", node("br"), node("script", "a < b && c")))
    assert "<p><br><script>a < b && c</script></p>" in text


def test_empty_parts_of_drawings_and_formulas_end_where_they_begin() -> None:
    """Others may not, in HTML."""
    drawing = node("svg", node("use", href="#a"), node("path"), node("g"))
    text = page_text(node("p", drawing, node("b"), "></use>"))
    assert '<svg><use href="#a"/><path/><g></g></svg><b></b>>&lt;/use>' in text


def test_text_has_single_spaces() -> None:
    assert text_of(node("p", " a\n", node("b", "b  c"), " d")) == "a b c d"


def test_wide_content_is_reached_by_keyboard_and_has_a_name() -> None:
    box = scrolling(node("p"), "What it is")
    assert box.attrib["tabindex"] == "0"
    assert (box.attrib["role"], box.attrib["aria-label"]) == ("region", "What it is")


def test_add_appends() -> None:
    element = node("p", "a")
    add(element, "b", node("i"), "c")
    assert text_of(element) == "abc"
