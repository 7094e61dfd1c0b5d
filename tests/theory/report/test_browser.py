"""The page in a browser: headless Chromium, from a file."""

import base64
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.theory.report.small import write_text
from tests.theory.report.test_page import certificates
from theory.ledger.evidence_files import read_evidence
from theory.ledger.verify import Verdict
from theory.report.claims import ShownClaim, ShownLedger
from theory.report.errata import Erratum
from theory.report.page import Part, Written, page_parts, page_text, write_report
from theory.report.runs import Folders, Run

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium: make test")
wait = pytest.importorskip("selenium.webdriver.support.wait")
Keys = webdriver.Keys
CSS = "css selector"

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None,
    reason="chromium and chromedriver: make system-deps",
)
KEPT = Path(__file__).parents[3] / "evidence"
PHONE = {"width": 375, "height": 812, "deviceScaleFactor": 1, "mobile": True}


def start() -> Any:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", *sandbox):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    driver = start()
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Any, written: Written) -> Any:
    """The page, on a phone, as it opens."""
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    chromium.get("about:blank")
    chromium.get_log("browser")
    chromium.get(written.path.as_uri())
    return chromium


def visible(browser: Any) -> list[str]:
    """Ids of the claims that can be seen."""
    script = (
        "return [...document.querySelectorAll('.claim')]"
        ".filter(claim => claim.checkVisibility()).map(claim => claim.id)"
    )
    return list(browser.execute_script(script))


def choose(browser: Any, option: str) -> None:
    browser.find_element(CSS, f"#choose-status option[value='{option}']").click()


def test_it_opens_without_complaint_and_fetches_nothing(browser: Any) -> None:
    assert browser.get_log("browser") == []
    fetched = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert [name for name in fetched if not name.startswith("data:")] == []
    assert browser.title.startswith("Why is SGD more robust")


def test_the_status_chooses(browser: Any, small_ledger: list[Verdict]) -> None:
    assert len(visible(browser)) == len(small_ledger)
    for status in ("refuted", "proved", "simulated", "unknown", "not run"):
        choose(browser, f"status:{status}")
        expected = [f"claim-{v.claim.id}" for v in small_ledger if v.status == status]
        assert expected
        assert sorted(visible(browser)) == sorted(expected)
        told = browser.find_element("id", "shown").text
        assert told == f"{len(expected)} of {len(small_ledger)} claims shown"
    choose(browser, "")
    assert len(visible(browser)) == len(small_ledger)


def test_the_judgement_and_words_choose(browser: Any, small_ledger: list[Verdict]) -> None:
    choose(browser, "outcome:holds only if")
    expected = [f"claim-{v.claim.id}" for v in small_ledger if v.judgement == "holds only if"]
    assert sorted(visible(browser)) == sorted(expected)
    words = browser.find_element("id", "choose-words")
    words.send_keys("4.3.2 SIGNGD")
    assert visible(browser) == ["claim-4.3.2"]
    words.send_keys(" nowhere-to-be-found")
    assert visible(browser) == []
    assert not [r for r in browser.find_elements(CSS, ".row") if r.is_displayed()]


def test_a_claim_opens_by_keyboard(browser: Any) -> None:
    claim = browser.find_element("id", "claim-4.3.1")
    body = claim.find_element(CSS, ".body")
    assert not body.is_displayed()
    claim.find_element("tag name", "summary").send_keys(Keys.ENTER)
    assert body.is_displayed()
    math = claim.find_element(CSS, ".body math")
    assert math.is_displayed()
    assert math.size["width"] > 10
    claim.find_element(CSS, ".argument > summary").send_keys(Keys.SPACE)
    certificate = claim.find_element(CSS, "[data-text] details")
    certificate.find_element("tag name", "summary").send_keys(Keys.ENTER)
    assert certificate.find_element("tag name", "pre").is_displayed()


def test_certificates_are_unpacked_each_into_its_place(browser: Any, text: str) -> None:
    browser.execute_script(
        "for (const each of document.querySelectorAll('details')) each.open = true"
    )
    wait.WebDriverWait(browser, 10).until(
        lambda driver: driver.execute_script(f"return {PLACES}.every(pre => pre.textContent)")
    )
    shown = browser.execute_script(f"return {PLACES}.map(pre => pre.textContent)")
    numbers = [int(number) for number in re.findall(r'<li data-text="(\d+)"', text)]
    assert shown == [certificates(text)[number] for number in numbers]
    assert browser.get_log("browser") == []


PLACES = "[...document.querySelectorAll('[data-text] pre')]"


def test_a_link_opens_the_claim_it_leads_to(browser: Any) -> None:
    choose(browser, "status:proved")
    follow(browser, "claim-4.3.2", "keyboard")
    claim = browser.find_element("id", "claim-4.3.2")
    assert claim.is_displayed()
    assert claim.get_attribute("open") is not None
    assert browser.execute_script("return arguments[0].getBoundingClientRect().top", claim) < 400


AT = "return arguments[0].getBoundingClientRect().top"


def is_at(browser: Any, claim: Any, low: float, high: float) -> bool:
    """Whether a claim's top comes to be in some range and stays there."""
    wait.WebDriverWait(browser, 10).until(
        lambda driver: low <= driver.execute_script(AT, claim) <= high
    )
    browser.execute_async_script("setTimeout(arguments[0], 300)")
    return bool(low <= browser.execute_script(AT, claim) <= high)


def follow(browser: Any, id_: str, by: str) -> None:
    """Follow a link to a claim, which is far below in a page whose rows have estimated heights."""
    link = browser.find_element(CSS, f"#errata a[href='#{id_}']")
    browser.execute_script("arguments[0].closest('details').open = true", link)
    if by == "keyboard":
        link.send_keys(Keys.ENTER)
    else:
        link.click()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_link_leads_to_its_claim_again_and_again(browser: Any, by: str) -> None:
    """Filtered away, and closed, though the address stays the same."""
    claim = browser.find_element("id", "claim-zoo.violation")
    words = browser.find_element("id", "choose-words")
    for hide in (
        lambda: words.send_keys("zzzz"),
        lambda: words.send_keys("zzzz"),
        lambda: browser.find_element("id", "close-all").click(),
    ):
        hide()
        assert not claim.is_displayed() or claim.get_attribute("open") is None
        follow(browser, "claim-zoo.violation", by)
        wait.WebDriverWait(browser, 10).until(lambda _: claim.get_attribute("open") is not None)
        assert claim.is_displayed()
        assert is_at(browser, claim, -1, 400)
        focused = browser.switch_to.active_element
        assert focused.tag_name == "summary"
        assert "zoo.violation" in focused.text


def test_a_page_opens_at_the_claim_of_its_address(browser: Any, written: Written) -> None:
    browser.get("about:blank")
    browser.get(f"{written.path.as_uri()}#claim-4.3.2")
    claim = browser.find_element("id", "claim-4.3.2")
    assert claim.get_attribute("open") is not None
    assert is_at(browser, claim, -1, 400)


def test_the_first_key_leads_past_the_contents_and_is_seen(browser: Any) -> None:
    webdriver.ActionChains(browser).send_keys(Keys.TAB).perform()
    skip = browser.switch_to.active_element
    assert skip.text == "Skip to the claims"
    assert skip.rect["x"] >= 0
    outline = browser.execute_script("return getComputedStyle(arguments[0]).outlineStyle", skip)
    assert outline == "solid"
    skip.send_keys(Keys.ENTER)
    assert is_at(browser, browser.find_element("id", "claims"), -1, 100)


def test_errata_are_folded_under_what_is_printed(browser: Any) -> None:
    fold = browser.find_element(CSS, "#errata li details")
    assert fold.find_element("tag name", "summary").is_displayed()
    assert not fold.find_element(CSS, "a").is_displayed()
    fold.find_element("tag name", "summary").send_keys(Keys.ENTER)
    assert fold.find_element(CSS, "a").is_displayed()


SHARE = "return getComputedStyle(arguments[0]).getPropertyValue('--share') || 1"


def test_a_figure_is_fitted_to_a_phone_and_a_key_shows_it_in_full(browser: Any) -> None:
    figure = browser.find_element(CSS, "#simulations figure")
    picture, button = figure.find_element(CSS, "img"), figure.find_element(CSS, "button")
    box = figure.find_element(CSS, ".wide")
    scrolls = "return arguments[0].scrollWidth > arguments[0].clientWidth + 1"
    share = float(browser.execute_script(SHARE, picture))
    assert not browser.execute_script(scrolls, box)
    assert button.get_attribute("aria-pressed") == "false"
    button.send_keys(Keys.ENTER)
    assert button.get_attribute("aria-pressed") == "true"
    assert picture.rect["width"] >= 44 * 16 * share - 1
    assert browser.execute_script(scrolls, box)
    box.click()
    assert not browser.execute_script(scrolls, box)


def test_without_scripts_a_figure_scrolls_in_full(browser: Any) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.refresh()
    picture = browser.find_element(CSS, "#simulations figure img")
    assert picture.rect["width"] > 375
    assert not browser.find_elements(CSS, "figure button")


def width(browser: Any) -> int:
    return int(browser.execute_script("return document.documentElement.scrollWidth"))


@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])
def test_a_phone_does_not_scroll_sideways(browser: Any, is_open: bool) -> None:
    """With all open too, where the widest formulas are."""
    browser.execute_script(
        "for (const each of document.querySelectorAll('details')) each.open = arguments[0];"
        # what is out of sight is laid out too
        "document.head.append(Object.assign(document.createElement('style'),"
        " {textContent: '.row { content-visibility: visible !important }'}))",
        is_open,
    )
    assert width(browser) == 375
    wider = browser.execute_script(
        "return [...document.querySelectorAll('.wide, .formula')]"
        ".filter(box => box.scrollWidth > box.clientWidth + 1).length"
    )
    assert wider > 0  # the twin: something is wider than its box, and scrolls there


def test_without_scripts_all_claims_are_there(browser: Any, small_ledger: list[Verdict]) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.refresh()
    assert len(visible(browser)) == len(small_ledger)
    assert not browser.find_element("id", "choose").is_displayed()
    claim = browser.find_element("id", "claim-4.3.1")
    claim.find_element("tag name", "summary").send_keys(Keys.ENTER)
    assert claim.find_element(CSS, ".body").is_displayed()


def test_what_is_typed_into_the_page_stays_out_of_it(browser: Any) -> None:
    """The policy of the page keeps foreign scripts from running."""
    browser.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.foreign = 1';"
        "document.body.append(s)"
    )
    assert browser.execute_script("return window.foreign") is None
    (entry,) = browser.get_log("browser")
    assert "Content Security Policy" in entry["message"]


def test_on_paper_there_is_no_form_and_what_is_open_stays_open(browser: Any) -> None:
    browser.execute_script("document.getElementById('claim-4.3.1').open = true")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not browser.find_element("id", "choose").is_displayed()
    assert browser.find_element(CSS, "#claim-4\\.3\\.1 .body").is_displayed()
    assert browser.find_element("id", "errata").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


# Each word of each cell whose letters are on more than one line (which may end after a slash), and
# how many tables are wider than the paper.
BROKEN = """
const broken = [];
for (const cell of document.querySelectorAll("th, td")) {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    for (const word of texts.currentNode.data.matchAll(/[^\\s/]+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) broken.push(word[0]);
    }
}
const wide = [...document.querySelectorAll("table")]
  .filter((table) => table.getBoundingClientRect().right > innerWidth + 1).length;
return [broken, wide, document.querySelectorAll("td").length];
"""
PAPER = {"width": 718, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
"""A4 less Chromium's margins, in pixels of 1/96 inch."""


@pytest.fixture
def tables(chromium: Any, tmp_path: Path) -> Any:
    """A page with the widest tables that the commands have left, and one wider still."""
    for name in ("questions/scaling", "questions/remedies", "nn_experiments/synthetic"):
        text = (KEPT / name / "report.md").read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("![")]
        write_text(tmp_path / "results" / name / "report.md", "\n".join(lines))
    columns = 24
    rows = ["| " + " | ".join([cell] * columns) + " |" for cell in ("signGD", "---", "1,000,000")]
    write_text(tmp_path / "results/sweep/report.md", "# Wide\n\n" + "\n".join(rows) + "\n")
    written = write_report(tmp_path / "results", tmp_path / "page.html", list)
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PAPER)
    chromium.get(written.path.as_uri())
    chromium.execute_script(
        "for (const each of document.querySelectorAll('details')) each.open = true"
    )
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_on_paper_tables_fit_and_break_no_word(tables: Any) -> None:
    tables.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    broken, wide, cells = tables.execute_script(BROKEN)
    assert (broken, wide) == ([], 0)
    assert cells > 4000
    # the twin: with letters of one size a table is too wide, or breaks its words
    for style, at in (("font-size: 9pt", 1), ("overflow-wrap: anywhere; max-width: 1em", 0)):
        rule = f"td {{ {style} }}"
        tables.execute_script(
            "document.head.append(Object.assign(document.createElement('style'),"
            " {textContent: arguments[0]}))",
            rule,
        )
        assert tables.execute_script(BROKEN)[at], style


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext: make system-deps")
def test_the_pdf_has_every_number_whole(tables: Any, tmp_path: Path) -> None:
    """Of tables that were folded too, once they are opened."""
    text = of_pdf(tables, tmp_path, "pdftotext", "-layout", "page.pdf", "-")
    assert text.split().count("1,000,000") == 24
    cells = tables.execute_script(
        "return [...document.querySelectorAll('td')].map(cell => cell.textContent.trim())"
    )
    numbers = Counter(cell for cell in cells if re.fullmatch(r"[\d,.]{4,}", cell))
    assert len(numbers) > 500
    words = Counter(text.split())
    assert [number for number, n in numbers.items() if words[number] < n] == []


def of_pdf(browser: Any, folder: Path, *command: str) -> str:
    """What a command says of the page printed on A4, 8.27 by 11.69 inches, in ``page.pdf``."""
    size = {"paperWidth": 8.27, "paperHeight": 11.69}
    printed = browser.execute_cdp_cmd("Page.printToPDF", size)
    (folder / "page.pdf").write_bytes(base64.b64decode(printed["data"]))
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext: make system-deps")
def test_what_is_closed_is_one_line_on_paper(browser: Any, text: str, tmp_path: Path) -> None:
    printed = " ".join(of_pdf(browser, tmp_path, "pdftotext", "page.pdf", "-").split())
    assert "4.3.1" in printed
    assert "Refuted by" not in printed
    assert "Throughout" not in printed
    assert "open what is to be printed in full" in printed
    browser.execute_script("document.getElementById('claim-4.3.1').open = true")
    printed = " ".join(of_pdf(browser, tmp_path, "pdftotext", "page.pdf", "-").split())
    assert printed.count("Refuted by") == 1
    assert "Throughout" not in printed


def kept_parts() -> Iterator[Part]:
    """The page of what is kept, its claims as they are closed: nothing is evaluated again."""
    entries = read_evidence(KEPT / "theory" / "evidence.json")["claims"]
    rows: dict[str, list[ShownClaim]] = {}
    errata: dict[str, list[Erratum]] = {}
    for entry in entries:
        id_, where, says, status = (entry[name] for name in ("id", "where", "says", "status"))
        became = (entry["judgement"] or status).split(":")[0]
        claim = ShownClaim(id_, f"claim-{id_}", says, status, became, [], [])
        rows.setdefault(id_.rpartition(".")[0], []).append(claim)
        if status == "refuted":
            errata.setdefault(became, []).append(Erratum(id_, where, says, []))
    settled = Run(KEPT / "theory" / "evidence.json", KEPT, is_kept=True)
    ledger = ShownLedger(0, [], [], [], [*rows.items()], "")
    content = {"claims": ledger, "errata": [*errata.items()]}
    for part in page_parts(Folders(KEPT), None, lambda doing: None):
        known = content.get(part.name)
        replaced = replace(part, template=f"{part.name}.html", content=known, runs=[settled])
        yield part if known is None else replaced


@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="pdfinfo: make system-deps")
def test_what_is_kept_prints_on_forty_pages(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page_text([*kept_parts()], None), encoding="utf-8")
    chromium.get((tmp_path / "page.html").as_uri())
    assert len(chromium.find_elements(CSS, ".claim")) > 300
    assert len(chromium.find_elements(CSS, "figure")) > 20
    told = of_pdf(chromium, tmp_path, "pdfinfo", "page.pdf")
    (pages,) = re.findall(r"Pages: +(\d+)", told)
    assert int(pages) <= 40
    chromium.execute_script(  # the twin: it is the folds that spare paper
        "for (const each of document.querySelectorAll('details')) each.open = true"
    )
    (pages,) = re.findall(r"Pages: +(\d+)", of_pdf(chromium, tmp_path, "pdfinfo", "page.pdf"))
    assert int(pages) > 45


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Any, scheme: str) -> None:
    """Contrast of at least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3), badges too."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    ground = luminance(browser.execute_script(COLOUR, "body", "backgroundColor"))
    names = browser.execute_script(
        "return [...new Set([...document.querySelectorAll('.badge')].map(b => b.className))]"
    )
    assert len(names) >= 6
    for selector in ["body", "a", "figcaption", *(f".{n.replace(' ', '.')}" for n in names)]:
        text = luminance(browser.execute_script(COLOUR, selector, "color"))
        low, high = sorted((text, ground))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (selector, scheme)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


COLOUR = (
    "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    ".match(/[0-9.]+/g).slice(0, 3).map(Number)"
)


def luminance(colour: list[float]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    linear = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in colour)
    )
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
