"""Errata: the published statements that do not hold as printed, and what is true instead."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import sympy as sp

from theory.common.files import json_text
from theory.common.tables import TextTable
from theory.ledger.certificates import Key
from theory.ledger.typeset import escape, evaluated, latex, point, sides_at
from theory.ledger.verify import Verdict
from theory.logic.evidence import Evidence, Judgement
from theory.logic.findings import (
    Counterexample,
    Escape,
    Finding,
    OrbitViolation,
    PeriodicOrbit,
    Status,
)
from theory.published import rows

_TITLES = {
    Judgement.FAILS: "Statements that fail",
    Judgement.ONLY_IF: "Statements that hold under a further condition",
    Judgement.MENDED: "Slips of notation",
}
_PREFACE = (
    "Each statement below was settled as printed, over everything its own hypotheses allow, and "
    "does not hold so. The numbers are exact and can be checked by hand; each proof, "
    "and each refutation, has a certificate. Statements that hold are not listed."
)
_CONSTANTS = "The statement is about constants, and interval arithmetic shows its negation."


@dataclass(frozen=True)
class Refutation:
    """Why a statement does not hold: the refuted formula, and numbers that refute it.

    Attributes:
        obligation: what the formula is to the statement.
        formula: the formula, as text.
        formula_latex: the same for math mode.
        at: the counterexample, as text.
        at_latex: the same for math mode; text where the numbers make an orbit.
        evaluated: each relation of the conclusion at these numbers, as text.
        evaluated_latex: the same for math mode.
        certificate: file of the certificate.

    """

    obligation: str
    formula: str
    formula_latex: str
    at: str
    at_latex: str
    evaluated: list[str] = field(default_factory=list)
    evaluated_latex: list[str] = field(default_factory=list)
    certificate: str = ""


@dataclass(frozen=True)
class Proved:
    """One of the statements by which the corrected assertion is proved."""

    obligation: str
    formula: str
    formula_latex: str
    certificate: str = ""


@dataclass(frozen=True)
class Erratum:
    """One published statement that does not hold as printed."""

    id: str
    judgement: str
    where: str
    says: str
    formula: str
    slip: str
    only_if: str
    refutations: list[Refutation]
    instead: str
    instead_formula: str
    instead_status: str
    proof: list[Proved]
    note: str


def errata(verdicts: Iterable[Verdict], files: Mapping[Key, str], folder: str, form: str) -> str:
    """Write the errata as Markdown (``md``), LaTeX (``tex``) or JSON (``json``).

    Args:
        verdicts: all verdicts, in the order of publication.
        files: the certificate's file of each obligation, in ``folder``.
        folder: the folder of the certificates.
        form: one of the three.

    """
    groups = grouped(verdicts, files)
    writers = {"md": _markdown, "tex": _tex, "json": _json}
    return writers[form](groups, folder)


def grouped(
    verdicts: Iterable[Verdict], files: Mapping[Key, str]
) -> dict[Judgement, list[Erratum]]:
    """Return the errata by severity, each group in the order of publication."""
    order = {row["id"]: number for number, row in enumerate(rows("claims"))}
    refuted = sorted(
        (v for v in verdicts if v.status is Status.REFUTED),
        key=lambda v: order.get(v.claim.row, len(order)),
    )
    return {
        judgement: [_erratum(v, files) for v in refuted if v.judgement is judgement]
        for judgement in _TITLES
    }


def _erratum(verdict: Verdict, files: Mapping[Key, str]) -> Erratum:
    claim, published, corrected = verdict.claim, verdict.published, verdict.corrected
    assert published is not None  # or nothing could be refuted
    return Erratum(
        id=claim.id,
        judgement=verdict.outcome,
        where=claim.where,
        says=claim.says,
        formula=published.argument.formula,
        slip=claim.slip,
        only_if=claim.only_if,
        refutations=_refutations(claim.id, published, files),
        instead=claim.correction,
        instead_formula="" if corrected is None else corrected.argument.formula,
        instead_status="" if corrected is None else corrected.status,
        proof=[] if corrected is None else _proof(claim.id, corrected, files),
        note=claim.note,
    )


def _refutations(id_: str, evidence: Evidence, files: Mapping[Key, str]) -> list[Refutation]:
    found = []
    for obligation in evidence.argument.necessary:
        finding, statement = evidence.findings[obligation.name], obligation.statement
        if finding.status is Status.REFUTED:
            at, at_latex = _numbers(finding)
            sides = sides_at(finding) if isinstance(finding, Counterexample) else []
            found.append(
                Refutation(
                    obligation.name,
                    str(statement),
                    latex(statement),
                    at,
                    at_latex,
                    [evaluated(*each) for each in sides],
                    [_evaluated_latex(*each) for each in sides],
                    files.get((id_, "published", obligation.name), ""),
                )
            )
    return found


def _numbers(finding: Finding) -> tuple[str, str]:
    match finding:
        case Counterexample():
            return finding.explanation.removeprefix("fails at "), point(finding.at)
        case OrbitViolation():
            at = finding.statement.at(finding.t)
            return finding.explanation.removeprefix("fails at "), rf"t = {finding.t},\; {point(at)}"
        case PeriodicOrbit() | Escape():
            return finding.explanation, rf"\text{{{escape(finding.explanation)}}}"
    return _CONSTANTS, rf"\text{{{escape(_CONSTANTS)}}}"


def _evaluated_latex(relation: sp.Basic, left: Any, right: Any, so: bool) -> str:
    verdict = r"\text{true}" if so else r"\text{false}"
    return rf"{left.latex()};\quad {right.latex()}:\quad {sp.latex(relation)} \;\; {verdict}"


def _proof(id_: str, evidence: Evidence, files: Mapping[Key, str]) -> list[Proved]:
    return [
        Proved(
            obligation.name,
            str(obligation.statement),
            latex(obligation.statement),
            files.get((id_, "corrected", obligation.name), ""),
        )
        for obligation in evidence.argument.sufficient
        if evidence.findings[obligation.name].status is Status.PROVED
    ]


# --- Markdown ------------------------------------------------------------------------------------


NOTATION = (
    ("a, b, c", "A/(σ̃0²η), B/(σ̃0²η) and (√6/2)ẽ2/η, so that (4.16) is free of σ̃0² and η"),
    ("r", "σ̃1²/σ̃0²"),
    ("x, y", "|a| and |b|"),
    ("t, n, m, w", "iteration; steps so far with |A| ≤ |B|; with |A| = |B|; moves of c"),
    ("x_0, a_0, …", "the value at the start; a_1, a_2, … after one step, two steps, …"),
    ("short, long step", "one with |A| < |B|, one with |A| > |B|"),
)


def _overview(groups: Mapping[Judgement, list[Erratum]]) -> TextTable:
    """One line for each erratum."""
    instead = {
        id(e): e.slip or (f"holds only if {e.only_if}" if e.only_if else e.instead)
        for group in groups.values()
        for e in group
    }
    return TextTable(
        ("claim", "where", "printed", "what is so"),
        [(e.id, e.where, e.says, instead[id(e)]) for group in groups.values() for e in group],
    )


def _markdown(groups: Mapping[Judgement, list[Erratum]], folder: str) -> str:
    lines = ["# Errata", "", _PREFACE, "", f"Certificates are in `{folder}/`."]
    if any(groups.values()):
        lines += ["", "Letters in formulas, beside those of the text:", ""]
        lines += [f"- `{letters}`: {_md(meaning)}" for letters, meaning in NOTATION]
        lines += ["", "## Overview", "", _overview(groups).markdown()]
    for judgement, errata_ in groups.items():
        if errata_:
            lines += ["", f"## {_TITLES[judgement]} ({len(errata_)})"]
        for erratum in errata_:
            lines += ["", *_markdown_of(erratum)]
    if not any(groups.values()):
        lines += ["", "There are none."]
    return "\n".join(lines) + "\n"


def _markdown_of(e: Erratum) -> list[str]:
    lines = [f"### {e.id}: {_md(e.where)}", "", f"Printed: {_md(e.says)}", "", _code(e.formula)]
    for refutation in e.refutations:
        lines += ["", *_markdown_of_refutation(refutation, e.formula)]
    if e.slip:
        lines += ["", f"The slip: {_md(e.slip)}"]
    if e.only_if:
        lines += ["", f"It holds only if {_md(e.only_if)}"]
    if e.instead:
        lines += ["", f"Instead ({e.instead_status}): {_md(e.instead)}"]
        lines += ["", _code(e.instead_formula)]
        certificates = dict.fromkeys(p.certificate for p in e.proof if p.certificate)
        lines += ["", f"Proof: {_files(e.id, certificates)}"] * bool(e.proof)
    if e.note:
        lines += ["", f"Note: {_md(e.note)}"]
    return lines


def _files(id_: str, names: Iterable[str]) -> str:
    """Name certificates; those of one claim's correction by a pattern, where they are many."""
    pattern = f"{id_}--corrected--"
    own = [name for name in names if name.startswith(pattern)]
    rest = [name for name in names if name not in own]
    if len(own) > 3:
        own = [f"{pattern}*"]
    return ", ".join(f"`{name}`" for name in (*own, *rest))


def _markdown_of_refutation(r: Refutation, formula: str) -> list[str]:
    name = f" ({_md(r.obligation)})" if r.obligation != "statement" else ""
    lines = [] if r.formula == formula else [f"It would imply{name}: {_code(r.formula)}", ""]
    lines += [f"Counterexample: {_md(r.at)}" if r.at != _CONSTANTS else r.at]
    lines += ["", *(f"- {_md(line)}" for line in r.evaluated)] if r.evaluated else []
    return [*lines, "", f"Certificate: `{r.certificate}`"] if r.certificate else lines


def _md(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{c}" if c in "\\`*_<>[]|#" else c for c in text)


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


# --- LaTeX ---------------------------------------------------------------------------------------

_HEAD = r"""% Compile with lualatex or xelatex.
\documentclass[11pt]{article}
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath}
\usepackage{unicode-math}
\usepackage{adjustbox}
\IfFontExistsTF{Libertinus Serif}{\setmainfont{Libertinus Serif}}{%
  \IfFontExistsTF{DejaVu Serif}{\setmainfont{DejaVu Serif}}{}}
\IfFontExistsTF{Libertinus Math}{\setmathfont{Libertinus Math}}{}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\newcommand{\fitted}[1]{%
  \par\begin{adjustbox}{max width=\linewidth}$\displaystyle #1$\end{adjustbox}\par}
\begin{document}
\sloppy
"""


def _tex(groups: Mapping[Judgement, list[Erratum]], folder: str) -> str:
    lines = [_HEAD + r"\section*{Errata}", escape(_PREFACE), ""]
    lines += [rf"Certificates are in \texttt{{{escape(folder)}/}}."]
    for judgement, errata_ in groups.items():
        if errata_:
            lines += ["", rf"\section*{{{escape(_TITLES[judgement])} ({len(errata_)})}}"]
        for erratum in errata_:
            lines += ["", *_tex_of(erratum)]
    if not any(groups.values()):
        lines += ["", "There are none."]
    return "\n".join([*lines, "", r"\end{document}"]) + "\n"


def _tex_of(e: Erratum) -> list[str]:
    lines = [
        rf"\subsection*{{{escape(e.id)}: {escape(e.where)}}}",
        rf"\textbf{{Printed:}} {escape(e.says)}\par",
        rf"{escape(e.formula)}\par",
    ]
    for r in e.refutations:
        lines += [rf"\textbf{{Refuted:}} {escape(r.obligation)}", rf"\fitted{{{r.formula_latex}}}"]
        lines += [r"\textbf{Counterexample:}", rf"\fitted{{{r.at_latex}}}"]
        lines += [rf"\fitted{{{line}}}" for line in r.evaluated_latex]
        lines += [rf"Certificate: {_tex_file(r.certificate)}\par"] if r.certificate else []
    if e.slip:
        lines += [rf"\textbf{{The slip:}} {escape(e.slip)}\par"]
    if e.only_if:
        lines += [rf"\textbf{{It holds only if}} {escape(e.only_if)}\par"]
    if e.instead:
        lines += [rf"\textbf{{Instead}} ({escape(e.instead_status)}): {escape(e.instead)}\par"]
        lines += [rf"{escape(e.instead_formula)}\par"]
        for proved in e.proof:
            lines += [rf"{escape(proved.obligation)}: {_tex_file(proved.certificate)}"]
            lines += [rf"\fitted{{{proved.formula_latex}}}"]
    if e.note:
        lines += [rf"\textbf{{Note:}} {escape(e.note)}\par"]
    return lines


def _tex_file(name: str) -> str:
    return rf"\texttt{{{escape(name)}}}"


# --- JSON ----------------------------------------------------------------------------------------


def _json(groups: Mapping[Judgement, list[Erratum]], folder: str) -> str:
    data = {str(judgement): [asdict(e) for e in group] for judgement, group in groups.items()}
    return json_text({"certificates": folder, "errata": data})
