"""Questions and answers as bytes, so that they are the same in the process that they are sent to.

Sympy builds an expression again, when it is unpickled, by calling its class, which evaluates what
was kept as written (x = x becomes true). Here an expression is taken apart into its class, its
arguments and its attributes, and put together from these alone. Of a class that the other process
may be unable to import, as it is defined in the script or notebook that asks, the other process
makes a stand-in: a class of that name and with the nearest base that it knows. Back ends know of
such a class no more than this in the asking process either. In an answer, symbols and statements
stand for the very objects that were sent.
"""

import io
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from inspect import getattr_static
from types import MemberDescriptorType
from typing import Any

import sympy as sp
from sympy.core.function import UndefinedFunction

from theory.logic.exact import Surd

_KNOWN = ("sympy", "theory")  # packages that the other process can import
_MADE_ANEW = {"_args", "_mhash", "_assumptions", "__dict__", "__weakref__"}


class NotComputedError(Exception):
    """A question could not be put to another process, or it ended by itself; it says why."""


def pack_question(function: Callable[..., Any], args: Sequence[Any]) -> tuple[bytes, list[Any]]:
    """Write a call as bytes; return with them the objects to which the answer may refer.

    Raises:
        NotComputedError: an argument has a part that cannot be written so.

    """
    file = io.BytesIO()
    writer = _Writer(file)
    try:
        writer.dump((function, tuple(args)))
        shared = [*args, *writer.symbols]
        writer.dump(shared)
    except Exception as error:  # whatever the parts' own methods raise
        reason = f"{type(error).__name__}: {error}"
        raise NotComputedError(f"it cannot be handed to another process ({reason})") from error
    return file.getvalue(), shared


def unpack_question(data: bytes) -> tuple[Callable[..., Any], tuple[Any, ...], list[Any]]:
    """Read a call: the function, its arguments, and the objects that the answer may refer to."""
    reader = pickle.Unpickler(io.BytesIO(data))
    function, args = reader.load()
    return function, args, reader.load()


def pack_answer(answer: Any, shared: Sequence[Any]) -> bytes:
    """Write an answer as bytes, with references to the objects that were sent."""
    file = io.BytesIO()
    _AnswerWriter(file, shared).dump(answer)
    return file.getvalue()


def unpack_answer(data: bytes, shared: Sequence[Any]) -> Any:
    """Read an answer; its references become the objects themselves."""
    return _AnswerReader(io.BytesIO(data), shared).load()


class _Writer(pickle.Pickler):
    """Takes expressions apart, and lists the symbols in them."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.symbols: list[sp.Symbol] = []

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, sp.Basic):
            if isinstance(obj, sp.Symbol):
                self.symbols.append(obj)
            return _reduced(obj)
        if isinstance(obj, type) and issubclass(obj, sp.Basic):
            return _reduced_class(obj)
        if type(obj) is Fraction:  # which pickles itself as text
            return Fraction, (obj.numerator, obj.denominator)
        if type(obj) is Surd:
            return Surd, obj.parts
        return NotImplemented


class _AnswerWriter(_Writer):
    """Replaces what both sides have by its number."""

    def __init__(self, file: io.BytesIO, shared: Sequence[Any]) -> None:
        super().__init__(file)
        self._numbers = {id(o): n for n, o in enumerate(shared) if not isinstance(o, sp.Symbol)}
        # A symbol may have become another object that is equal to it, in a cache of sympy's.
        self._known = {o: n for n, o in enumerate(shared) if isinstance(o, sp.Symbol)}

    def persistent_id(self, obj: Any) -> int | None:
        known = self._known.get(obj) if isinstance(obj, sp.Symbol) else None
        return self._numbers.get(id(obj)) if known is None else known


class _AnswerReader(pickle.Unpickler):
    """Puts in the place of a number what was sent."""

    def __init__(self, file: io.BytesIO, shared: Sequence[Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: int) -> Any:
        return self._shared[pid]


def _reduced(expr: sp.Basic) -> Any:
    if not expr._args or isinstance(expr, sp.MatrixBase):
        return NotImplemented
    slots = _slots(type(expr))  # type: ignore[arg-type]
    attributes = {name: getattr(expr, name) for name in slots if hasattr(expr, name)}
    attributes |= getattr(expr, "__dict__", {})
    return _put_together, (type(expr), expr._args, attributes)


@cache
def _slots(kind: type) -> tuple[str, ...]:
    def all_slots() -> Iterator[str]:
        for base in kind.__mro__:
            slots = base.__dict__.get("__slots__", ())
            yield from (slots,) if isinstance(slots, str) else slots

    kept = (name for name in dict.fromkeys(all_slots()) if name not in _MADE_ANEW)
    # A subclass may have made a slot of its base a constant or a property.
    return tuple(n for n in kept if isinstance(getattr_static(kind, n), MemberDescriptorType))


def _put_together(kind: type, args: tuple[Any, ...], attributes: dict[str, Any]) -> sp.Basic:
    expr = sp.Basic.__new__(kind, *args)
    for name, value in attributes.items():
        setattr(expr, name, value)
    return expr


def _reduced_class(kind: type) -> Any:
    if isinstance(kind, UndefinedFunction):
        return _undefined, (kind.__name__, kind._kwargs)
    if _is_known(kind):
        return NotImplemented
    base = next(base for base in kind.__mro__[1:] if _is_known(base))
    return _stand_in, (kind.__name__, base, id(kind))


def _is_known(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    found = getattr(module, kind.__qualname__, None)
    return kind is object or (kind.__module__.split(".")[0] in _KNOWN and found is kind)


def _undefined(name: str, assumptions: dict[str, Any]) -> type:
    return UndefinedFunction(name, **assumptions)


@cache
def _stand_in(name: str, base: type, number: int) -> type:
    """Make a class; the number tells two of the same name apart."""
    return type(base)(name, (base,), {"__module__": f"{__name__}.{number}"})
