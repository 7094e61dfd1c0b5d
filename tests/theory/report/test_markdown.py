"""Reports in Markdown as parts of the page."""

from pathlib import Path

import pytest

from tests.theory.report.small import draw, write_text
from theory.common.errors import UserError
from theory.report.alternatives import CAPTIONS
from theory.report.markdown import section
from theory.report.markup import text_of


def report(folder: Path, text: str) -> Path:
    write_text(folder / "report.md", text)
    return folder / "report.md"


def test_headings_follow_the_first_ones_level(tmp_path: Path) -> None:
    found = section(report(tmp_path, "# A\n\n## B\n\n### C\n\n###### D\n"), 3, "it")
    levels = [(e.tag, e.text) for e in found.iter() if e.tag.startswith("h")]
    assert levels == [("h3", "A"), ("h4", "B"), ("h5", "C"), ("h6", "D")]
    assert found.get("id") == "it"


def test_tables_scroll_in_a_box_that_is_named_after_the_heading(tmp_path: Path) -> None:
    text = "# A\n\n## Ends\n\nBefore.\n\n| x | y |\n| --- | --- |\n| \\|w\\| | 2 |\n\nAfter.\n"
    found = section(report(tmp_path, text), 2, "it")
    (box,) = (e for e in found.iter("div") if e.get("class") == "wide")
    assert box.get("aria-label") == "Table: Ends"
    assert [text_of(cell) for cell in box.iter("td")] == ["|w|", "2"]
    assert text_of(found).endswith("After.")


def test_pictures_become_figures(tmp_path: Path) -> None:
    draw(tmp_path / "figures" / "curve.svg")
    found = section(report(tmp_path, "# A\n\n![A curve](figures/curve.svg)\n"), 2, "it")
    (caption,) = found.iter("figcaption")
    assert caption.text == "A curve"
    assert next(found.iter("svg")).get("aria-label") == "A curve"


def test_figures_have_the_words_that_are_given(tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw(tmp_path / f"{name}.svg")
    text = "# A\n\n![One](one.svg)\n\n![Two](two.svg)\n"
    found = section(report(tmp_path, text), 2, "it", {"two": "It rises from 1 to 9."})
    assert [e.get("aria-label") for e in found.iter("svg")] == ["One", "It rises from 1 to 9."]
    assert [e.text for e in found.iter("figcaption")] == ["One", "Two"]


def test_a_known_figure_without_words_has_its_caption(tmp_path: Path) -> None:
    draw(tmp_path / "effects.svg")
    found = section(report(tmp_path, "# A\n\n![effects.svg](effects.svg)\n"), 2, "it")
    assert next(found.iter("figcaption")).text == CAPTIONS["effects"]


def test_a_picture_amid_text_leaves_the_text(tmp_path: Path) -> None:
    draw(tmp_path / "curve.png")
    found = section(report(tmp_path, "# A\n\nBefore ![it](curve.png) after.\n"), 2, "it")
    assert text_of(found) == "A Before it after."
    assert not [p for p in found.iter("p") if list(p.iter("figure"))]


@pytest.mark.parametrize("words", ["", "the_curve.png"])
def test_a_picture_without_words_is_named_after_its_place(tmp_path: Path, words: str) -> None:
    draw(tmp_path / "the_curve.png")
    found = section(report(tmp_path, f"# A\n\n## Ends\n\n![{words}](the_curve.png)\n"), 2, "it")
    assert next(found.iter("img")).get("alt") == "Ends: the curve"


def test_links_to_files_become_text_and_others_stay(tmp_path: Path) -> None:
    text = "# A\n\n[file](summary.json), [web](https://example.org/x), [here](#y), end\n"
    found = section(report(tmp_path, text), 2, "it")
    assert [a.get("href") for a in found.iter("a")] == ["https://example.org/x", "#y"]
    assert text_of(found) == "A file, web, here, end"


def test_tags_in_a_report_are_text(tmp_path: Path) -> None:
    found = section(report(tmp_path, "# A\n\n<script>alert(1)</script> <b>x</b>\n"), 2, "it")
    assert not list(found.iter("script"))
    assert "<b>x</b>" in text_of(found)


def test_an_empty_report_is_an_empty_section(tmp_path: Path) -> None:
    assert len(section(report(tmp_path, ""), 2, "it")) == 0


def test_a_report_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*none\.md"):
        section(tmp_path / "none.md", 2, "it")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"cannot read .*bytes\.md"):
        section(tmp_path / "bytes.md", 2, "it")


def test_a_figure_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.png"):
        section(report(tmp_path, "# A\n\n![x](none.png)\n"), 2, "it")


def lines(rows: int) -> str:
    head = "| " + " | ".join("abcdefgh") + " |\n" + "| --- " * 8 + "|\n"
    return head + "".join(
        f"| {'| '.join(f'{n} 10,000 ' for _ in range(8))}|\n" for n in range(rows)
    )


@pytest.mark.parametrize(("rows", "is_folded"), [(8, False), (9, True)], ids=str)
def test_a_long_table_is_folded_under_words_about_it(
    tmp_path: Path, rows: int, is_folded: bool
) -> None:
    found = section(report(tmp_path, f"# A\n\n{lines(rows)}\nAfter.\n"), 2, "it")
    summaries = [text_of(each) for each in found.iter("summary")]
    assert summaries == ["Table of 9 rows: a, b, c, d, e, f and 2 more"] * is_folded
    assert len([*found.iter("tr")]) == rows + 1
    assert text_of(found).endswith("After.")


@pytest.mark.parametrize(("entries", "is_folded"), [(12, False), (13, True)], ids=str)
def test_a_long_list_is_folded(tmp_path: Path, entries: int, is_folded: bool) -> None:
    text = "# A\n\n## Not run\n\n" + "- [x](x.json)\n" * entries
    found = section(report(tmp_path, text), 2, "it")
    assert [text_of(each) for each in found.iter("summary")] == ["Not run: 13 entries"] * is_folded
    assert len([*found.iter("li")]) == entries
    assert not [*found.iter("a")]  # what is in it is as elsewhere


def test_a_table_tells_the_width_that_its_words_need(tmp_path: Path) -> None:
    """The longest word of each column: 6, 3 and 2 letters of 0.64 ems; 3 gaps of 0.5."""
    text = "# A\n\n| x | the | y |\n| --- | --- | --- |\n| 10,000 1 | a | b |\n| | | 12 |\n"
    (table,) = section(report(tmp_path, text), 2, "it").iter("table")
    assert table.get("style") == f"--ems:{0.64 * (6 + 3 + 2) + 1.5:.3g}"
