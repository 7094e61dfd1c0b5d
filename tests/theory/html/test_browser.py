"""The page in a browser: headless Chromium, from a file."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.theory.html.test_page import certificates
from theory.html.page import Written
from theory.ledger.verify import Verdict

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
wait = pytest.importorskip("selenium.webdriver.support.wait")
Keys = webdriver.Keys
CSS = "css selector"

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None,
    reason="chromium or chromedriver was not found: make system-deps",
)
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
    assert visible(browser) == expected
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
    link = browser.find_element(CSS, "#errata li a[href='#claim-4.3.2']")
    link.send_keys(Keys.ENTER)
    claim = browser.find_element("id", "claim-4.3.2")
    assert claim.is_displayed()
    assert claim.get_attribute("open") is not None
    assert browser.execute_script("return arguments[0].getBoundingClientRect().top", claim) < 400


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
