"""Reports in Markdown as parts of the page."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.theory.report.small import draw, write_text
from theory.common.errors import UserError
from theory.report import markdown
from theory.report.pictures import Picture


def section(folder: Path, text: str, *pictures: Picture, level: int = 2) -> ET.Element:
    """A report as elements, its heading first."""
    write_text(folder / "report.md", text)
    found = markdown.report(folder / "report.md", level, pictures)
    return ET.fromstring(f"<section><h>{found.heading}</h> {found.body}</section>")


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_headings_follow_the_first_ones_level(tmp_path: Path) -> None:
    found = section(tmp_path, "# A *b*\n\n## B\n\n### C\n\n###### D\n", level=3)
    assert text_of(found[0]) == "A b"
    levels = [(e.tag, e.text) for e in found[1:]]
    assert levels == [("h4", "B"), ("h5", "C"), ("h6", "D")]


def test_a_report_may_begin_without_a_heading(tmp_path: Path) -> None:
    found = section(tmp_path, "Words.\n\n# A\n")
    assert [(e.tag, e.text) for e in found] == [("h", None), ("p", "Words."), ("h2", "A")]


def test_tables_scroll_in_a_box_that_is_named_after_the_heading(tmp_path: Path) -> None:
    text = "# A\n\n## Ends\n\nBefore.\n\n| x | y |\n| --- | --- |\n| \\|w\\| | 2 |\n\nAfter.\n"
    found = section(tmp_path, text)
    (box,) = (e for e in found.iter("div") if e.get("class") == "wide")
    assert box.get("aria-label") == "Table: Ends"
    assert [text_of(cell) for cell in box.iter("td")] == ["|w|", "2"]
    assert text_of(found).endswith("After.")


def test_pictures_become_figures(tmp_path: Path) -> None:
    draw(tmp_path / "figures" / "curve.svg")
    found = section(tmp_path, "# A\n\n![A curve](figures/curve.svg)\n")
    assert next(found.iter("figcaption")).text == "A curve"
    assert next(found.iter("img")).get("alt") == "A curve"


def test_figures_have_their_makers_words(tmp_path: Path) -> None:
    """Whichever of the files of a picture the report and the maker name."""
    for name in ("one", "two"):
        draw(tmp_path / f"{name}.svg")
    text = "# A\n\n![One](one.svg)\n\n![two.png](two.png)\n"
    two = Picture("two.svg", "Two", "It rises from 1 to 9.", "The second")
    found = section(tmp_path, text, two)
    assert [e.get("alt") for e in found.iter("img")] == ["One", "It rises from 1 to 9."]
    assert [e.text for e in found.iter("figcaption")] == ["One", "The second"]


def test_a_caption_that_the_report_says_is_not_said_again(tmp_path: Path) -> None:
    draw(tmp_path / "one.svg")
    one = Picture("one.svg", "One", "It rises.", "Means over seeds.")
    found = section(tmp_path, "# A\n\n![One](one.svg)\n\nMeans over seeds.\n", one)
    assert next(found.iter("figcaption")).text == "One"
    assert text_of(found).count("Means over seeds.") == 1


def test_a_picture_that_the_report_does_not_show_comes_last(tmp_path: Path) -> None:
    draw(tmp_path / "figures" / "more.svg")
    more = Picture("figures/more.svg", "More", "A line.", "And more")
    found = section(tmp_path, "# A\n\nWords.\n", more)
    assert [e.tag for e in found] == ["h", "p", "figure"]
    assert next(found.iter("img")).get("alt") == "A line."


def test_a_picture_amid_text_leaves_the_text(tmp_path: Path) -> None:
    draw(tmp_path / "curve.png")
    found = section(tmp_path, "# A\n\nBefore ![it](curve.png) after.\n")
    assert text_of(found) == "A Before it after."
    assert not [p for p in found.iter("p") if list(p.iter("figure"))]


@pytest.mark.parametrize("words", ["", "the_curve.png"])
def test_a_picture_without_words_is_named_after_its_place(tmp_path: Path, words: str) -> None:
    draw(tmp_path / "the_curve.png")
    found = section(tmp_path, f"# A\n\n## Ends\n\n![{words}](the_curve.png)\n")
    assert next(found.iter("img")).get("alt") == "Ends: the curve"


def test_a_picture_from_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    found = section(tmp_path, "# A\n\n![A <curve>](https://example.org/curve.png)\n")
    assert text_of(found) == "A A <curve>"
    assert not [*found.iter("img")]


def test_links_to_files_become_text_and_others_stay(tmp_path: Path) -> None:
    text = "# A\n\n[file](summary.json), [web](https://example.org/x), [here](#y), end\n"
    found = section(tmp_path, text)
    assert [a.get("href") for a in found.iter("a")] == ["https://example.org/x", "#y"]
    assert text_of(found) == "A file, web, here, end"


def test_tags_in_a_report_are_text(tmp_path: Path) -> None:
    found = section(tmp_path, "# A\n\n<script>alert(1)</script> <b>x</b>\n")
    assert not list(found.iter("script"))
    assert "<b>x</b>" in text_of(found)


def test_an_empty_report_is_an_empty_section(tmp_path: Path) -> None:
    assert [text_of(each) for each in section(tmp_path, "")] == [""]


def test_a_report_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*none\.md"):
        markdown.report(tmp_path / "none.md", 2)
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"cannot read .*bytes\.md"):
        markdown.report(tmp_path / "bytes.md", 2)


def test_a_figure_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.png"):
        section(tmp_path, "# A\n\n![x](none.png)\n")


def lines(rows: int) -> str:
    head = "| " + " | ".join("abcdefgh") + " |\n" + "| --- " * 8 + "|\n"
    return head + "".join(
        f"| {'| '.join(f'{n} 10,000 ' for _ in range(8))}|\n" for n in range(rows)
    )


@pytest.mark.parametrize(("rows", "is_folded"), [(8, False), (9, True)], ids=str)
def test_a_long_table_is_folded_under_words_about_it(
    tmp_path: Path, rows: int, is_folded: bool
) -> None:
    found = section(tmp_path, f"# A\n\n{lines(rows)}\nAfter.\n")
    summaries = [text_of(each) for each in found.iter("summary")]
    assert summaries == ["Table of 9 rows: a, b, c, d, e, f and 2 more"] * is_folded
    assert len([*found.iter("tr")]) == rows + 1
    assert text_of(found).endswith("After.")


@pytest.mark.parametrize(("entries", "is_folded"), [(12, False), (13, True)], ids=str)
def test_a_long_list_is_folded(tmp_path: Path, entries: int, is_folded: bool) -> None:
    text = "# A\n\n## Not run\n\n" + "- [x](x.json)\n" * entries
    found = section(tmp_path, text)
    assert [text_of(each) for each in found.iter("summary")] == ["Not run: 13 entries"] * is_folded
    assert len([*found.iter("li")]) == entries
    assert not [*found.iter("a")]  # what is in it is as elsewhere


def test_a_table_tells_the_width_that_its_words_need(tmp_path: Path) -> None:
    """The longest word of each column: 6, 3 and 2 letters of 0.64 ems; 3 gaps of 0.5."""
    text = "# A\n\n| x | the | y |\n| --- | --- | --- |\n| 10,000 1 | a | b |\n| | | 12 |\n"
    (table,) = section(tmp_path, text).iter("table")
    assert table.get("style") == f"--ems:{0.64 * (6 + 3 + 2) + 1.5:.3g}"


def test_no_line_breaks_within_a_number_with_an_exponent(tmp_path: Path) -> None:
    text = "# A\n\n| x |\n| --- |\n| 3.5e-12 < 1e-9 |\n"
    (cell,) = section(tmp_path, text).iter("td")
    assert [(e.get("class"), e.text) for e in cell] == [("number", "3.5e-12"), ("number", "1e-9")]
    assert text_of(cell) == "3.5e-12 < 1e-9"
