"""Compile exported lemmas with ``coqc``: only a lemma closed by ``Qed`` is accepted.

Scripts are compiled in parallel. A lemma that fails is dropped from its script, with the message as
the reason, and the script is compiled again without it, so one hard lemma stops no other. A script
whose text, library and compiler are those of an earlier compilation is not compiled again.
"""

import hashlib
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from theory.common.errors import UserError
from theory.common.files import read_json, write_json, write_whole
from theory.coq import library
from theory.coq.emit import Lemma

STANDARD_AXIOMS = frozenset(
    {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
    }
)
"""What the standard library's real numbers rest on."""

_LOGICAL_FOLDER = "Ledger"
_LEFT_BY_COMPILER = (".vo", ".vok", ".vos", ".glob")
_ERROR = re.compile(r'^File "[^"]*", line (\d+)', re.M)
_TIME = re.compile(r"^Chars (\d+) - \d+ \[.*?\] [0-9.]+ secs \(([0-9.]+)u,([0-9.]+)s\)", re.M)


@dataclass(frozen=True)
class Entry:
    """A lemma with its name and a remark."""

    name: str
    lemma: Lemma
    remark: str


@dataclass(frozen=True)
class Script:
    """A file of lemmas; ``name`` is that of the file, without its suffix."""

    name: str
    entries: tuple[Entry, ...]

    def without(self, names: Sequence[str]) -> "Script":
        """Return the script without some of its lemmas."""
        return Script(self.name, tuple(e for e in self.entries if e.name not in names))

    def pieces(self, limit: int) -> Iterator[tuple[str, str]]:
        """Text of the script, piece by piece, each with the name of its lemma or nothing.

        Args:
            limit: seconds for each sentence; a slower one fails. A lemma that is not linear has a
                quarter of it: what its heuristics do not find soon they do not find.

        """
        yield "", _HEAD.format(folder=_LOGICAL_FOLDER, library=library.NAME)
        for entry in self.entries:
            seconds = limit if entry.lemma.linear else max(1, limit // 4)
            timeout = f"Set Default Timeout {seconds}.\n"
            yield entry.name, timeout + entry.lemma.source(entry.name, entry.remark) + "\n"
        if self.entries:
            together = "I"
            for entry in reversed(self.entries):
                together = f"(conj {entry.name}\n  {together})"
            yield "", f"Definition all_of_them :=\n  {together}.\nPrint Assumptions all_of_them.\n"


_HEAD = """From Coq Require Import Reals Lra Psatz Nsatz ZArith.
From {folder} Require Import {library}.
Open Scope R_scope.

"""


@dataclass
class Outcome:
    """What the kernel said of a script.

    Attributes:
        accepted: processor seconds for each accepted lemma.
        rejected: the reason for each other lemma.
        axioms: what the accepted lemmas rest on, together.

    """

    accepted: dict[str, float] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    axioms: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON-ready data."""
        return vars(self)


class Compiler:
    """``coqc``, its version, and the processes that run it."""

    def __init__(self, command: str = "coqc") -> None:
        path = shutil.which(command)
        if path is None:
            raise UserError(
                f"expected the proof assistant Coq, and found no command {command!r}. Install it: "
                "on Debian and Ubuntu `apt-get install coq` (350 MB), elsewhere see "
                "https://coq.inria.fr/download. Everything but `make certify` works without it."
            )
        self.path = path
        shown = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
        self.version = shown.stdout.splitlines()[0]
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def compile(self, source: Path, seconds: float) -> tuple[int, str, str]:
        """Compile a file; return the exit status, the output and the messages of errors."""
        command = [self.path, "-q", "-time", "-noglob", "-Q", ".", _LOGICAL_FOLDER, source.name]
        with self._lock:
            if self._stopped:
                raise InterruptedError
            process = subprocess.Popen(
                command,
                cwd=source.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self._running.add(process)
        try:
            output, errors = process.communicate(timeout=seconds)
        finally:
            process.kill()
            process.wait()
            self._running.discard(process)
        return process.returncode, output, errors

    def stop(self) -> None:
        """End what is running, and start nothing more."""
        with self._lock:
            self._stopped = True
            for process in tuple(self._running):
                process.kill()


def check_all(
    scripts: Sequence[Script],
    folder: Path,
    compiler: Compiler,
    jobs: int = 2,
    limit: int = 120,
    progress: Callable[[Script], None] = lambda script: None,
) -> dict[str, Outcome]:
    """Compile the library and the scripts; return the outcomes by the scripts' names.

    Args:
        scripts: what to compile.
        folder: for scripts and compiled files; scripts of earlier ledgers there are removed.
        compiler: what to compile with.
        jobs: how many files are compiled at a time.
        limit: seconds for each sentence of a script.
        progress: called with each script that is done.

    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_others(folder, {library.NAME, *(script.name for script in scripts)})
    compile_library(folder, compiler)
    outcomes = {}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            started = {pool.submit(check, s, folder, compiler, limit): s for s in scripts}
            for future in as_completed(started):
                outcomes[started[future].name] = future.result()
                progress(started[future])
        except BaseException:
            compiler.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return {script.name: outcomes[script.name] for script in scripts}


def compile_library(folder: Path, compiler: Compiler) -> None:
    """Compile the library, unless that was done."""
    source = folder / f"{library.NAME}.v"
    record = source.with_suffix(".json")
    key = _key(library.source(), compiler)
    if source.with_suffix(".vo").exists() and _recorded(record, key) is not None:
        return
    record.unlink(missing_ok=True)
    write_whole(source, lambda part: part.write_text(library.source(), encoding="utf-8"))
    status, _, errors = compiler.compile(source, 600)
    if status:
        raise UserError(f"{compiler.version} does not accept the library {source}:\n{errors}")
    write_json(record, {"key": key, "outcome": {}})


def check(script: Script, folder: Path, compiler: Compiler, limit: int) -> Outcome:
    """Compile one script until what is left of it is accepted."""
    record = folder / f"{script.name}.json"
    text = "".join(piece for _, piece in script.pieces(limit))
    key = _key(text, compiler)
    known = _recorded(record, key)
    if known is not None and (folder / f"{script.name}.vo").exists():
        return Outcome(**known)
    record.unlink(missing_ok=True)
    outcome = Outcome()
    while not _attempt(script.without(list(outcome.rejected)), folder, compiler, limit, outcome):
        pass
    write_json(record, {"key": key, "outcome": outcome.to_json()})
    return outcome


def _attempt(
    script: Script, folder: Path, compiler: Compiler, limit: int, outcome: Outcome
) -> bool:
    """Compile a script, and record what is accepted or the first lemma that is not."""
    pieces = list(script.pieces(limit))
    source = folder / f"{script.name}.v"
    text = "".join(piece for _, piece in pieces)
    write_whole(source, lambda part: part.write_text(text, encoding="utf-8"))
    status, output, errors = compiler.compile(source, 120 + 3 * limit * len(script.entries))
    if status == 0:
        outcome.axioms = axioms_in(output)
        outcome.accepted = _seconds(pieces, output)
        return True
    match = _ERROR.search(errors)
    name = _lemma_at(pieces, int(match[1])) if match else ""
    if not name:
        raise RuntimeError(f"{source} failed outside its lemmas (status {status}):\n{errors}")
    outcome.rejected[name] = _reason(errors)
    return False


def _reason(errors: str) -> str:
    """Say in words why a lemma was not accepted."""
    if "Timeout!" in errors:
        return "no proof was found in time"
    if "No applicable tactic" in errors:
        return "linear arithmetic, products, fractions and Gröbner bases find no proof"
    return " ".join(errors.partition("Error:")[2].split())[:200]


def _lemma_at(pieces: Sequence[tuple[str, str]], line: int) -> str:
    """Name of the lemma that a line of a script belongs to, or nothing."""
    last = 0
    for name, piece in pieces:
        last += piece.count("\n")
        if line <= last:
            return name
    return ""


def _seconds(pieces: Sequence[tuple[str, str]], output: str) -> dict[str, float]:
    """Processor seconds for each lemma, from the compiler's report on each sentence."""
    times = [(int(start), float(user) + float(own)) for start, user, own in _TIME.findall(output)]
    result, end = {}, 0
    for name, piece in pieces:
        start, end = end, end + len(piece.encode())
        if name:
            result[name] = round(sum(s for at, s in times if start <= at < end), 3)
    return result


def axioms_in(output: str) -> list[str]:
    """Names of the axioms that ``Print Assumptions`` has listed."""
    _, _, listed = output.partition("Axioms:\n")
    return sorted(set(re.findall(r"^([A-Za-z_][\w.]*)(?=\s*$|\s+:)", listed, re.M)) - {"Chars"})


def _key(text: str, compiler: Compiler) -> str:
    content = "\0".join((compiler.version, library.source(), text))
    return hashlib.sha256(content.encode()).hexdigest()


def _recorded(record: Path, key: str) -> dict[str, Any] | None:
    """Return the outcome recorded under a key, or None."""
    try:
        data = read_json(record) if record.exists() else {}
    except UserError:
        return None
    return data.get("outcome") if isinstance(data, dict) and data.get("key") == key else None


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove the scripts in a folder that have other names, and what was compiled from them."""
    for source in folder.glob("*.v"):
        if source.stem not in names:
            for suffix in (".v", ".json", *_LEFT_BY_COMPILER):
                source.with_suffix(suffix).unlink(missing_ok=True)
