"""Text that would be read as Markdown, LaTeX or a formula, and text that would not."""

import csv as reading
import io

import pytest

from theory.common import escaping
from theory.common.console import print_table
from theory.common.tables import TextTable

HOSTILE = r"a|b `c` *d* _e_ <b>&amp; [x](y) $5 & $6_x \n 100 % #1 {2} ~~~ ^"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("`x`", r"\`x\`"),
        ("*d* * e", r"\*d\* \* e"),
        ("‖w̃*‖", "‖w̃*‖"),
        ("_e_ R_s", r"\_e\_ R_s"),
        ("<b> a < b", r"\<b> a < b"),
        ("&amp; R & D", r"\&amp; R & D"),
        ("[x](y)", r"[x\](y)"),
        ("[-0.89, +1.69]", "[-0.89, +1.69]"),
        ("$5 & $6_x", r"\$5 & \$6_x"),
        ("a\\b", r"a\\b"),
        ("# x", r"\# x"),
        ("1. x", r"1\. x"),
        ("-0.5", "-0.5"),
        ("two\nlines\r\nhere", "two lines here"),
    ],
)
def test_markdown_shows_what_the_text_says(text, shown):
    assert escaping.markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"& % $ # _ { }", r"\& \% \$ \# \_ \{ \}"),
        ("a\\b^c~d", r"a\textbackslash{}b\textasciicircum{}c\textasciitilde{}d"),
        ("a\n\nb", "a b"),
        ("[1, 2]", "{}[1, 2]"),
        ("*x", "{}*x"),
        ("a [1]", "a [1]"),
    ],
)
def test_latex_shows_what_the_text_says(text, shown):
    assert escaping.latex(text) == shown


@pytest.mark.parametrize("text", ["=1+1", "@x", "+A1", "-A1", "\t=1", "\r=1"])
def test_no_cell_of_csv_is_a_formula(text):
    assert escaping.csv(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-0.5", "+0.751 or +4.290", "–", "a=b", "", "-.5", 'a,b\n"c"'])
def test_other_cells_of_csv_are_as_they_are(text):
    assert escaping.csv(text) == text
    (_, (cell,)) = (
        reading.reader(io.StringIO(TextTable(["x"], [[text]]).csv())) if text else ((), ("",))
    )
    assert cell == text


def test_a_table_with_hostile_cells_keeps_its_rows_and_columns():
    table = TextTable(["name", HOSTILE], [[HOSTILE, "a\nb"], ["-", "–"]])
    lines = table.markdown().splitlines()
    assert len(lines) == 4
    assert lines[1] == "| --- | --- |"
    assert all(line.replace(r"\|", "").count("|") == 3 for line in lines)
    body = table.latex().splitlines()
    assert all(line.replace(r"\&", "").count("&") == 1 for line in body if line.endswith(r"\\"))
    assert sum(line.endswith(r"\\") for line in body) == 3


def test_labels_on_a_terminal_are_no_markup(capsys):
    print_table(TextTable(["name", "value"], [["[red]x", "[-1, 2]"]]))
    assert "[red]x" in capsys.readouterr().out
