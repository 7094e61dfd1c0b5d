"""The page as a file: well formed, complete, self-contained."""

import base64
import hashlib
import html
import importlib
import itertools
import json
import platform
import re
import shutil
import zlib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sympy as sp

from tests.theory.report.small import draw, verdict_on, write_evidence, write_text, zoo
from theory.__main__ import main
from theory.common.errors import UserError
from theory.ledger.verify import Verdict
from theory.logic.evidence import Claim
from theory.logic.findings import Counterexample, Proof, Status, Unsettled
from theory.logic.statements import Statement
from theory.report.page import LARGEST, Written, write_report
from theory.report.runs import Folders

_VOID = {"meta", "link", "br", "hr", "img", "input", "col", "area", "base", "wbr", "source"}
_PARTS = [
    "question",
    "claims",
    "simulations",
    "checks",
    "networks",
    "errata",
    "kernel",
    "environment",
]


class _Reader(HTMLParser):
    """Reads a page, and notes each element that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.references: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.wrong.append(f"{tag} has an attribute twice")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or not self.open or self.open[-1] != tag:
            self.wrong.append(f"{tag} ends at {self.getpos()} in {self.open[-3:]}")
        else:
            self.open.pop()

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.elements if name in (a.get("class") or "").split()]


@pytest.fixture(scope="session")
def page(text: str) -> _Reader:
    return _Reader(text)


_VERIFY = "python -m theory verify"


def test_every_element_is_closed_where_it_should_be(page: _Reader) -> None:
    assert page.wrong == []
    assert page.elements[0] == ("html", {"lang": "en"})


@pytest.mark.parametrize("wrong", ["<p><b></p></b>", "<p>", "</p>", "<p a='1' a='2'></p>"])
def test_the_reader_sees_what_is_wrong(wrong: str) -> None:
    assert _Reader(wrong).wrong


def test_ids_are_unique_and_references_lead_somewhere(page: _Reader) -> None:
    ids = Counter(a["id"] for _, a in page.elements if a.get("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    targets = [a["href"] or "" for tag, a in page.elements if tag in ("a", "use") and "href" in a]
    inside = [t[1:] for t in targets if t.startswith("#")]
    assert len(inside) > len(_PARTS)
    assert set(inside) <= set(ids)
    labels = [a[k] for _, a in page.elements for k in ("aria-labelledby", "for") if a.get(k)]
    assert {name for label in labels for name in (label or "").split()} <= set(ids)


def test_every_claim_of_the_evidence_occurs_once(
    page: _Reader, small_ledger: list[Verdict]
) -> None:
    shown = {a["id"]: (a["data-status"], a["data-outcome"]) for a in page.with_class("claim")}
    assert len(shown) == len(page.with_class("claim")) == len(small_ledger)
    for verdict in small_ledger:
        status, outcome = shown[f"claim-{verdict.claim.id}"]
        assert status == verdict.status
        assert outcome == (verdict.judgement or verdict.status)


def test_a_claim_has_its_words_formulas_numbers_and_certificates(
    text: str, small_ledger: list[Verdict]
) -> None:
    at = {v.claim.id: text.index(f'id="claim-{v.claim.id}"') for v in small_ledger}
    starts = [*sorted(at.values()), len(text)]
    for verdict in small_ledger:
        own = text[at[verdict.claim.id] : starts[starts.index(at[verdict.claim.id]) + 1]]
        plain = html.unescape(re.sub(r"<[^>]*>", "", own))
        assert verdict.claim.says in plain
        assert verdict.claim.correction in plain
        names = [n for _, e in verdict.parts for n in e.findings]
        assert all(name in plain for name in names)
        settled = [n for n, _ in _settled(verdict)]
        assert own.count("data-text") >= len(settled)
        assert own.count("<math>") >= len(settled) * (verdict.claim.id.split(".")[0] != "zoo")


def _settled(verdict: Verdict) -> list[tuple[str, object]]:
    return [
        (name, finding)
        for _, evidence in verdict.parts
        for name, finding in evidence.findings.items()
        if finding.status is not Status.UNKNOWN
    ]


def test_counterexamples_are_there_with_both_sides(text: str, small_ledger: list[Verdict]) -> None:
    refuted = [
        v
        for v in small_ledger
        if v.published is not None
        and any(isinstance(f, Counterexample) for f in v.published.findings.values())
    ]
    assert len(refuted) >= 5
    for verdict in refuted:
        own = text[text.index(f'id="claim-{verdict.claim.id}"') :]
        assert "fails at " in own[: own.index("</details>")]


def test_errata_are_what_is_refuted_each_under_its_judgement(
    text: str, small_ledger: list[Verdict]
) -> None:
    sheet = text[text.index('<section id="errata">') :]
    starts = {j: sheet.index(f"<h3>{title} (") for j, title in _ERRATA.items()}
    ends = dict(zip(starts, [*list(starts.values())[1:], sheet.index("</section>")], strict=True))
    for judgement, start in starts.items():
        links = re.findall(r'href="#claim-([^"]+)"', sheet[start : ends[judgement]])
        expected = [v.claim.id for v in small_ledger if v.judgement == judgement]
        assert expected
        assert sorted(links) == sorted(expected)


_ERRATA = {  # in the order of the page
    "fails": "What fails",
    "holds only if": "What holds only under a further condition",
    "holds after a slip of notation is mended": "Slips of notation",
}


def test_a_long_statement_is_set_once(tmp_path: Path) -> None:
    x = sp.Symbol("x", real=True)
    long = Statement(x <= sp.Add(*(x**n / (n + 7) for n in range(2, 40))))
    verdicts = [verdict_on(name, long, Unsettled("z3", "no time")) for name in ("one", "two")]
    write_evidence(tmp_path / "results", verdicts)
    written = write_report(
        tmp_path / "results", tmp_path / "report.html", lambda: [v.claim for v in verdicts]
    )
    text = written.path.read_text(encoding="utf-8")
    (place,) = re.findall(r'id="(statement-\d+)"', text)
    assert text.count(f'href="#{place}"') == 3
    assert len(re.findall(r'<div class="formula"[^>]*><math>', text)) == 1 + text.count("Where: ")
    assert text.count("the same statement as before") == 3  # two formulas, two obligations
    assert _Reader(text).wrong == []


def certificates(text: str) -> list[str]:
    """What the page has of certificates, unpacked."""
    (packed,) = re.findall(
        r'<script type="application/octet-stream" id="certificates">(.*?)<', text
    )
    found: list[str] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


def test_certificates_are_there_once_each(text: str, small_ledger: list[Verdict]) -> None:
    places = [int(number) for number in re.findall(r'<li data-text="(\d+)"', text)]
    contents = certificates(text)
    assert [*dict.fromkeys(places)] == [*range(len(contents))]
    files = [each.splitlines()[0] for each in contents]
    assert len(set(files)) == len(files) > 50
    solved = [each.splitlines()[:2] for each in contents if "(check-sat)" in each]
    assert 10 < len(solved) < len(contents)
    assert all(file.startswith("certificates/") for file, _ in solved)
    assert all(line.startswith("; unsatisfiable, by ") for _, line in solved)


def test_a_certificate_is_what_the_evidence_has(text: str, small_ledger: list[Verdict]) -> None:
    asked = {
        finding.certificate["smtlib"]
        for verdict in small_ledger
        for _, evidence in verdict.parts
        for finding in evidence.findings.values()
        if isinstance(finding, Proof) and "smtlib" in finding.certificate
    }
    assert {each.partition("\n")[2] for each in certificates(text) if "smt" in each[:9]} <= asked
    assert asked
    assert asked <= {each.split("\n", 2)[-1] for each in certificates(text)}


def test_parts_stand_in_the_order_in_which_a_reader_asks(page: _Reader) -> None:
    ids = [a.get("id") for _, a in page.elements]
    assert [name for name in ids if name in _PARTS] == _PARTS


def test_headings_leave_out_no_level(page: _Reader) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(b - a for a, b in itertools.pairwise(levels)) == 1


def test_the_first_link_leads_past_the_contents(page: _Reader) -> None:
    first = next(attributes for tag, attributes in page.elements if tag == "a")
    assert (first["class"], first["href"]) == ("skip", "#claims")


def test_nothing_is_fetched(text: str, page: _Reader) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "srcset", "data", "poster", "action", "background"):
            address = attributes.get(name)
            assert address is None or address.startswith("data:"), (tag, address)
        assert tag not in ("iframe", "object", "embed", "base")
        if tag == "link":
            assert str(attributes["href"]).startswith("data:")
        assert not [name for name in attributes if name.startswith("on")]
    assert "@import" not in text
    assert "url(http" not in text


def test_the_policy_lets_only_the_pages_own_script_run(text: str, page: _Reader) -> None:
    (policy,) = (str(a["content"]) for _, a in page.elements if a.get("http-equiv") is not None)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_figures_have_words(page: _Reader) -> None:
    pictures = [a for tag, a in page.elements if tag == "img"]
    assert len(pictures) == 4
    assert all(a.get("alt") for a in pictures)


def test_wide_content_is_reached_by_keyboard(page: _Reader) -> None:
    boxes = page.with_class("wide")
    assert boxes
    assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in boxes)


def test_the_note_tells_size_sources_and_what_is_missing(written: Written, results: Path) -> None:
    assert written.size == written.path.stat().st_size
    assert written.missing == ["A third opinion: the proof kernel"]
    assert "MB" in written.note()
    assert f"  Networks: your own {results}/nn_experiments/quick" in written.note().splitlines()
    assert "A third opinion" in written.note()


@pytest.mark.parametrize(("size", "says"), [(LARGEST, False), (LARGEST + 1, True)], ids=str)
def test_a_page_that_is_too_large_is_told(size: int, says: bool) -> None:
    note = Written(Path("report.html"), size, 1).note()
    assert note.startswith("Report: report.html (7.0 MB, 1 claim)")
    assert ("may open slowly" in note) is says


def records_of(text: str, part: str) -> dict[str, dict[str, str]]:
    """What a list says of each thing, by the thing's name."""
    found = text[text.index(f'<section id="{part}">') :]
    found = found[found.index('<ul class="records">') : found.index("</ul>")]
    return {
        re.findall(r"<li><b>(.*?)</b>", record)[0]: dict(
            re.findall(r"<div><b>(.*?): </b>(.*?)</div>", record)
        )
        for record in re.findall(r"<li>.*?</li>", found, re.DOTALL)
    }


def test_checks_are_told_with_what_had_to_hold_and_what_was_seen(text: str) -> None:
    assert records_of(text, "checks") == {
        "phases signgd": {
            "Status": "simulated",
            "What had to hold": "a &lt; b &amp; c",
            "What was seen": "1 &lt; 2",
        }
    }


def test_the_environment_has_what_made_each_file(text: str, results: Path) -> None:
    """Files that were made alike stand together."""
    found = records_of(text, "environment")
    (own,) = (known for files, known in found.items() if files.startswith("this page"))
    assert own["python"] == platform.python_version()
    assert found[f"{results.name}/simulations/evidence.json"] == {"code": "1"}
    assert f"this page, {results.name}/theory/evidence.json" in found


def test_a_definition_that_statements_refer_to_is_on_the_page(tmp_path: Path) -> None:
    x, y = sp.symbols("x y", real=True)
    given = sp.Eq(y, sp.Add(*(x**n / (n + 7) for n in range(2, 9))))
    verdicts = [
        verdict_on(f"of{n}", Statement(y < n, (given,)), Unsettled("z3", "no time"))
        for n in range(4)
    ]
    write_evidence(tmp_path / "results", verdicts)
    claims = [v.claim for v in verdicts]
    written = write_report(tmp_path / "results", tmp_path / "report.html", lambda: claims)
    text = written.path.read_text(encoding="utf-8")
    assert text.count('id="D1"') == 1
    assert text.count('<a href="#D1">D1</a> ⟹ ') == len(claims)
    assert text.count("<mn>14</mn>") == 1  # a coefficient in it


def no_claims() -> list[Claim]:
    raise AssertionError("claims are not read where there is no evidence about them")


def test_parts_without_files_name_the_commands_that_make_them(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    written = write_report(results, tmp_path / "report.html", no_claims)
    page = _Reader(written.path.read_text(encoding="utf-8"))
    assert page.wrong == []
    assert len(page.with_class("missing")) == len(written.missing) == 6
    text = written.path.read_text(encoding="utf-8")
    assert text.count("There are no files of this yet. ") == 6
    assert {*re.findall(r"<code>(python -m .*?)</code>", text)} == set(_COMMANDS)


_COMMANDS = (
    _VERIFY,
    "python -m simulations check",
    "python -m simulations --help",
    "python -m nn_experiments --help",
    "python -m theory.coq",
)


def _kept_commands() -> list[str]:
    return [run.command for run in Folders(Path(__file__).parents[3] / "evidence").reports()]


@pytest.mark.parametrize("command", [*_COMMANDS, *_kept_commands()])
def test_commands_that_the_page_names_are_real(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    package, *words = command.removeprefix("python -m ").split()
    main = importlib.import_module(f"{package}.__main__").main
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main([*words, "--help"]))
    assert ended.value.code in (0, None)
    usage = capsys.readouterr().out.splitlines()[0]
    assert usage.startswith("usage:")
    assert words[:1] == [word for word in words[:1] if word in usage or word == "--help"]


def test_a_study_that_describes_itself_is_shown(tmp_path: Path) -> None:
    """One of which the page's code has no word, in a folder of any name."""
    folder = tmp_path / "results" / "my own"
    write_text(folder / "report.md", "# Orbits of Lion\n\nIt is *so*.\n\n![](figures/orbit.png)\n")
    draw(folder / "figures" / "orbit.png")
    draw(folder / "figures" / "more.svg")
    words = {"title": "An orbit", "alternative": "It rises from 1 to 9.", "caption": "The orbit"}
    pictures = [{**words, "file": f"figures/{name}"} for name in ("orbit.png", "more.svg")]
    told = {"title": "Lion", "command": "python -m simulations lion", "pictures": pictures}
    write_text(folder / "summary.json", json.dumps({**told, "environment": {"code": "of Lion"}}))
    written = write_report(tmp_path / "results", tmp_path / "report.html", no_claims)
    text = written.path.read_text(encoding="utf-8")
    assert _Reader(text).wrong == []
    part = text[text.index('<section id="simulations">') : text.index('<section id="checks"')]
    assert "<h3>Orbits of Lion</h3>" in part
    assert "results/my own, made by version of Lion." in part
    assert "It is made by <code>python -m simulations lion</code>." in part
    assert "<p>It is <em>so</em>.</p>" in part
    assert part.count('alt="It rises from 1 to 9."') == 2
    assert part.count("<figcaption>The orbit</figcaption>") == 2
    assert '<a href="#simulations-1">Orbits of Lion</a>' in text[: text.index("<main>")]
    assert "of Lion" in text[text.index('id="environment"') :]


@pytest.mark.parametrize("told", [{}, {"command": "python -m lion"}, None], ids=str)
def test_a_report_of_no_known_command_is_shown_too(
    tmp_path: Path, told: dict[str, str] | None
) -> None:
    write_text(tmp_path / "results" / "mine" / "report.md", "Words alone.\n")
    if told is not None:
        write_text(tmp_path / "results" / "mine" / "summary.json", json.dumps(told))
    written = write_report(tmp_path / "results", tmp_path / "report.html", no_claims)
    text = written.path.read_text(encoding="utf-8")
    part = text[text.index('<section id="others">') : text.index('<section id="environment">')]
    assert "<h2>Other results</h2>" in part
    assert "<h3>results/mine</h3>" in part
    assert "<p>Words alone.</p>" in part
    assert "--help" not in part


def test_a_description_that_is_damaged_leaves_the_earlier_page(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("earlier", encoding="utf-8")
    write_text(tmp_path / "results" / "mine" / "report.md", "# A\n")
    write_text(tmp_path / "results" / "mine" / "summary.json", '{"pictures": [{"file": "a.png"}]}')
    with pytest.raises(UserError, match="pictures: expected the texts file, title"):
        write_report(tmp_path / "results", out, no_claims)
    assert out.read_text(encoding="utf-8") == "earlier"


def test_kept_runs_are_told_from_ones_own(tmp_path: Path) -> None:
    for root in ("results", "evidence"):
        write_text(tmp_path / root / "questions" / "memory" / "report.md", f"# Of {root}\n")
    write_text(tmp_path / "evidence" / "nn_experiments" / "quick" / "report.md", "# Networks\n")
    write_text(
        tmp_path / "evidence" / "nn_experiments" / "quick" / "evidence.json",
        json.dumps(
            {
                "command": "python -m nn_experiments compare quick",
                "environment": {"code": "0.9", "processor": "a machine", "cores": 2},
            }
        ),
    )
    folders = tmp_path / "results", tmp_path / "report.html", no_claims, tmp_path / "evidence"
    text = write_report(*folders).path.read_text(encoding="utf-8")
    assert "Of results" in text
    assert "Of evidence" not in text
    assert '<p class="own">A run of your own: results/questions/memory.</p>' in text
    kept = "evidence/nn_experiments/quick, made by version 0.9, a machine, 2 cores."
    by = "It is made by <code>python -m nn_experiments compare quick</code>."
    assert f'<p class="kept">A run that was kept with the code: {kept} {by}</p>' in text
    assert "evidence/nn_experiments/quick/evidence.json" in text[text.index('id="environment"') :]


def test_the_note_tells_kept_runs_from_ones_own(tmp_path: Path) -> None:
    for root, name in (("results", "memory"), ("evidence", "memory"), ("evidence", "scaling")):
        write_text(tmp_path / root / "questions" / name / "report.md", "# A\n")
    folders = tmp_path / "results", tmp_path / "report.html", no_claims, tmp_path / "evidence"
    own = f"your own {tmp_path}/results/questions/memory"
    kept = f"kept with the code {tmp_path}/evidence/questions/scaling"
    assert write_report(*folders).sources == [f"  Other results: {own}; {kept}"]


def test_what_is_being_done_is_told(results: Path, tmp_path: Path) -> None:
    small = results / "nn_experiments"
    told: list[str] = []
    shutil.copytree(small, tmp_path / "results" / "nn_experiments")
    write_evidence(tmp_path / "results", zoo())
    claims = [v.claim for v in zoo()]
    write_report(tmp_path / "results", tmp_path / "page.html", lambda: claims, None, told.append)
    assert told == [
        "writing the claims as formulas",
        f"reading {tmp_path}/results/theory/evidence.json, and evaluating its exact numbers again",
        "setting the formulas of 8 claims",
        f"reading {tmp_path}/results/nn_experiments/quick/report.md",
        "putting the page together",
    ]


def test_a_kept_ledger_is_shown_where_there_is_no_other(tmp_path: Path) -> None:
    write_evidence(tmp_path / "evidence", zoo())
    (tmp_path / "results").mkdir()
    claims = [v.claim for v in zoo()]
    out = tmp_path / "report.html"
    written = write_report(tmp_path / "results", out, lambda: claims, tmp_path / "evidence")
    assert written.claims == len(claims)
    assert "kept with the code: evidence/theory" in out.read_text(encoding="utf-8")


def test_figures_have_words_from_the_numbers_beside_them(text: str) -> None:
    """The page of the comparison has evidence beside it."""
    assert "SGD is more robust: supported (2 supported)." in text


def test_the_page_is_the_same_from_the_same_files(
    results: Path, written: Written, small_ledger: list[Verdict], tmp_path: Path
) -> None:
    again = write_report(results, tmp_path / "again.html", lambda: [v.claim for v in small_ledger])
    assert again.path.read_bytes() == written.path.read_bytes()


def test_a_damaged_file_leaves_the_earlier_page(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("earlier", encoding="utf-8")
    write_text(tmp_path / "results" / "theory" / "evidence.json", "{}")
    with pytest.raises(UserError, match="evidence file"):
        write_report(tmp_path / "results", out, list)
    assert out.read_text(encoding="utf-8") == "earlier"


def test_versions_that_differ_are_told(text: str) -> None:
    assert "Not all of it was made by the same version of the code." in text


def test_a_ledger_without_refutations_has_no_errata(tmp_path: Path) -> None:
    verdicts = [v for v in zoo() if v.status is not Status.REFUTED]
    write_evidence(tmp_path / "results", verdicts)
    claims = [v.claim for v in verdicts]
    written = write_report(tmp_path / "results", tmp_path / "report.html", lambda: claims)
    assert "There are none." in written.path.read_text(encoding="utf-8")


# --- The command ---------------------------------------------------------------------------------


def test_the_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none").mkdir()
    out = tmp_path / "new" / "report.html"
    folders = ("--results", str(tmp_path / "none"), "--kept", str(tmp_path / "none"))
    assert main(["report", "--html", *folders, "--out", str(out)]) == 0
    assert out.is_file()
    said = capsys.readouterr()
    assert str(out) in said.out
    assert said.err == "putting the page together\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "--html is the one"),
        (["--html"], "expected a folder, got results. `make reproduce` makes one, as does `python"),
        (["--html", "--results", "none"], "--results: expected a folder, got none"),
        (["--html", "--kept", "none"], "--kept: expected a folder, got none"),
        (["--html", "--results", ".", "--out", "."], "it is a folder"),
    ],
    ids=["no form", "nothing", "no results", "no kept runs", "out is a folder"],
)
def test_bad_options_are_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", *options]) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
