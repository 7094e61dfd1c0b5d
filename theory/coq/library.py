"""The library that every exported script imports: graphs of functions, and the tactic.

An operation that is not a polynomial enters a lemma as a fresh variable bound by the *graph* of the
operation: ``is_abs x y`` says that y = |x|. Totality of each graph (a value exists) is proved here,
so that no lemma holds for want of one; so is uniqueness, wherever the operation has a value at all.
Division and the square root are left without any value where they have none: neither ``/ 0 = 0``
nor ``sqrt (-1) = 0``, conventions of the proof assistant, can enter a proof.
"""

from functools import cache
from importlib.resources import files

NAME = "Library"


@cache
def source() -> str:
    """Return the library's text, of the file ``library.v``."""
    return files("theory.coq").joinpath("library.v").read_text(encoding="utf-8")
