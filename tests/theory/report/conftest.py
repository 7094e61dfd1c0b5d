"""A small folder of results, with what each command leaves, and the page made of it."""

import importlib
import json
from pathlib import Path

import pytest

from tests.theory.report.small import draw, write_evidence, write_text, zoo
from theory.ledger.cache import Cache
from theory.ledger.settling import settle_claims
from theory.ledger.verify import Verdict
from theory.published import figure_4_7
from theory.report.page import Written, write_report

_MODULES = (
    "chapter_4.equation_4_3_adaptive_update",
    "chapter_4.figure_4_7",
    "chapter_3.proposition_3_3_1",
    "appendix_4_d.proposition_4_d_3",
    "chapter_4.section_4_c_filters",
)

SIMULATED = {"status": "simulated", "criterion": "a < b & c", "observed": "1 < 2"}


@pytest.fixture(scope="session")
def small_ledger(kept: Cache) -> list[Verdict]:
    """Claims of a few files, settled, and the zoo."""
    modules = (importlib.import_module(f"theory.claims.{name}") for name in _MODULES)
    checks = {"phases_signgd": SIMULATED}
    claims = [claim for module in modules for claim in module.CLAIMS]
    return settle_claims(claims, checks, cache=kept) + zoo()


def described(folder: Path, command: str) -> None:
    told = {"command": f"python -m simulations {command}"}
    write_text(folder / "summary.json", json.dumps(told))


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, small_ledger: list[Verdict]) -> Path:
    """A folder of results."""
    folder = tmp_path_factory.mktemp("results")
    write_evidence(folder, small_ledger)
    published = figure_4_7()
    settings = {
        **published.settings,
        "samples_per_step": published.samples_per_step,
        "oracle": "exact-law",
        "iterations": published.notebook_iterations,
    }
    checks = {"phases_signgd": SIMULATED}
    content = {"schema": 1, "environment": {"code": "1"}, "settings": settings, "checks": checks}
    write_text(folder / "simulations" / "evidence.json", json.dumps(content, default=str))
    write_text(
        folder / "figure_4_7" / "report.md",
        "# Figure 4.7\n\n![Two lines](figure.png)\n\nSome text.\n\n## At the end\n\n"
        "| optimizer | w̃ |\n| --- | --- |\n| GD | 5 ± 1 |\n\nSee [the numbers](summary.json).\n",
    )
    for name in ("figure.svg", "figure.png"):
        draw(folder / "figure_4_7" / name)
    described(folder / "figure_4_7", "figure-4.7")
    for name in ("memory", "remedies"):
        text = f"# The question of {name}\n\n![A curve of {name}](curve.svg)\n"
        write_text(folder / "questions" / name / "report.md", text)
        described(folder / "questions" / name, name)
        draw(folder / "questions" / name / "curve.svg")
    text = "# Synthetic images\n\n![](figures/effects.png)\n\n<b>not a tag</b>\n"
    networks = folder / "nn_experiments" / "quick"
    write_text(networks / "report.md", text)
    words = {"file": "figures/effects.png", "title": "Effects", "caption": "The comparisons"}
    told = {"command": "python -m nn_experiments compare quick", "title": "Synthetic images"}
    pictures = [{**words, "alternative": "SGD is more robust: supported (2 supported)."}]
    write_text(networks / "evidence.json", json.dumps({**told, "pictures": pictures}))
    draw(networks / "figures" / "effects.png")
    return folder


@pytest.fixture(scope="session")
def written(
    results: Path, small_ledger: list[Verdict], tmp_path_factory: pytest.TempPathFactory
) -> Written:
    """The page of the results."""
    out = tmp_path_factory.mktemp("page") / "report.html"
    return write_report(results, out, lambda: [v.claim for v in small_ledger])


@pytest.fixture(scope="session")
def text(written: Written) -> str:
    """The page's HTML."""
    return written.path.read_text(encoding="utf-8")
