"""Makes ``statements.json``: statements whose truth is known from how they are built.

A true statement instantiates one or more lemmas of mathematics (triangle inequality, floor(s) ≤ s <
floor(s) + 1, …) with terms drawn at random, and joins them by rules that keep truth. A false one is
a true one that was changed at random (another relation, another constant, a hypothesis left out)
and has an exact point, found by drawing points, at which plain exact arithmetic says that it fails.
The prover has no part in it.

    python -m tests.theory.corpus.make [seed] [file]
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import sympy as sp

from theory.logic.exact import NotRepresentableError, Surd, holds

FILE = Path(__file__).parent / "statements.json"
SEED = 20_25
SIZE = 200  # statements, half of them false

SYMBOLS = {
    **{name: sp.Symbol(name, real=True) for name in ("x", "y", "z")},
    **{name: sp.Symbol(name, positive=True) for name in ("p", "q")},
    **{name: sp.Symbol(name, integer=True) for name in ("m", "n")},
}
CONSTRUCTS: dict[str, tuple[type, ...]] = {
    "Abs": (sp.Abs,),
    "sign": (sp.sign,),
    "Min/Max": (sp.Min, sp.Max),
    "Piecewise": (sp.Piecewise,),
    "floor/ceiling": (sp.floor, sp.ceiling),
    "and": (sp.And,),
    "or": (sp.Or,),
    "implies": (sp.Implies,),
}

Formula = sp.logic.boolalg.Boolean


@dataclass(frozen=True)
class Sentence:
    """A conclusion under hypotheses, and the lemmas that make it true."""

    conclusion: Formula
    given: tuple[Formula, ...] = ()
    why: tuple[str, ...] = field(default=(), compare=False)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """The conclusion and the hypotheses."""
        return (self.conclusion, *self.given)

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """Free symbols, by name."""
        return tuple(sorted(set().union(*(f.free_symbols for f in self.formulas)), key=str))


class Terms:
    """Random terms over the symbols."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def number(self) -> sp.Expr:
        """A small rational that is not 0."""
        return sp.Rational(
            self.rng.choice([-3, -2, -1, 1, 1, 2, 3, 5]), self.rng.choice([1, 1, 2, 3, 4])
        )

    def real(self) -> sp.Symbol:
        """A symbol that is not an integer."""
        return SYMBOLS[self.rng.choice("xyzpq")]

    def linear(self) -> sp.Expr:
        """c s + d t + e, or shorter, sometimes with a root of an integer as a coefficient."""
        c = self.number() * (sp.sqrt(self.rng.choice([2, 3])) if self.rng.random() < 0.15 else 1)
        kind = self.rng.randrange(4)
        if kind == 0:
            return self.real()
        if kind == 1:
            return c * self.real() + self.number()
        return c * self.real() + self.number() * self.real()

    def whole(self) -> sp.Expr:
        """An integer term."""
        n, m = SYMBOLS["n"], SYMBOLS["m"]
        k = self.rng.choice([1, 2, 3, -1])
        return self.rng.choice([n, k * n + m, n - m, n + k])

    def term(self, depth: int = 1) -> sp.Expr:
        """A term, with constructs nested up to ``depth``."""
        if depth == 0 or self.rng.random() < 0.4:
            return self.linear()
        s, t = self.term(depth - 1), self.term(depth - 1)
        kinds: list[Callable[[], sp.Expr]] = [
            lambda: sp.Abs(s),
            lambda: sp.Max(s, t),
            lambda: sp.Min(s, t),
            lambda: sp.Piecewise((s, self.linear() > self.linear()), (t, True)),
            lambda: s + sp.sign(t),
            lambda: sp.floor(self.linear()) + s,
            lambda: self.real() * self.real(),
            lambda: s + t,
        ]
        return self.rng.choice(kinds)()


def _lemmas(terms: Terms) -> dict[str, Callable[[], Sentence]]:  # noqa: PLR0915 - a list
    """Schemes of true statements, each instantiated anew when called."""
    rng = terms.rng
    lemmas: dict[str, Callable[[], Sentence]] = {}

    def lemma(name: str) -> Callable[[Callable[[], Any]], None]:
        def add(make: Callable[[], Any]) -> None:
            def instance() -> Sentence:
                made = make()
                conclusion, given = made if isinstance(made, tuple) else (made, ())
                return Sentence(conclusion, tuple(given), (name,))

            lemmas[name] = instance

        return add

    t1, t2 = (lambda: terms.term(1)), (lambda: terms.term(2))
    eq = sp.Eq

    @lemma("triangle inequality")
    def _() -> Any:
        s, t = t1(), t1()
        return sp.Abs(s + t) <= sp.Abs(s) + sp.Abs(t)

    @lemma("reverse triangle inequality")
    def _() -> Any:
        s, t = t1(), t1()
        return sp.Abs(s - t) >= sp.Abs(s) - sp.Abs(t)

    @lemma("a number is at most its size")
    def _() -> Any:
        s, t = t2(), t1()
        return sp.Abs(s) + t >= s + t

    @lemma("sign times number is size")
    def _() -> Any:
        s = t2()
        return eq(sp.sign(s) * s, sp.Abs(s))

    @lemma("signs are at most 1 in size")
    def _() -> Any:
        s, t, c = t2(), t1(), abs(terms.number())
        return sp.Abs(t + c * sp.sign(s)) <= sp.Abs(t) + c

    @lemma("a positive number has sign 1")
    def _() -> Any:
        s = t1()
        return eq(sp.sign(s), 1), [s > 0]

    @lemma("sign of a product")
    def _() -> Any:
        s, t = t1(), terms.linear()
        return sp.sign(s) * sp.sign(t) * s * t >= 0

    @lemma("minimum and maximum add up")
    def _() -> Any:
        s, t = t1(), t1()
        return eq(sp.Min(s, t) + sp.Max(s, t), s + t)

    @lemma("maximum by size")
    def _() -> Any:
        s, t = t1(), t1()
        return eq(sp.Max(s, t), (s + t + sp.Abs(s - t)) / 2)

    @lemma("minimum is below the mean")
    def _() -> Any:
        s, t, r = t1(), t1(), t1()
        return sp.Min(s, t, r) <= (s + t + r) / 3

    @lemma("clamping brings closer")
    def _() -> Any:
        s, t, c = terms.linear(), terms.linear(), abs(terms.number())
        clamp = lambda u: sp.Max(-c, sp.Min(c, u))  # noqa: E731
        return sp.Abs(clamp(s) - clamp(t)) <= sp.Abs(s - t)

    @lemma("a piecewise value is among its cases")
    def _() -> Any:
        s, t = t1(), t1()
        value = sp.Piecewise((s, terms.linear() < terms.linear()), (t, True))
        return sp.And(value <= sp.Max(s, t), value >= sp.Min(s, t))

    @lemma("size by cases")
    def _() -> Any:
        s = t2()
        return eq(sp.Piecewise((-s, s < 0), (s, True)), sp.Abs(s))

    @lemma("floor is below, by less than 1")
    def _() -> Any:
        s, t = terms.linear(), t1()
        return sp.And(sp.floor(s) + t <= s + t, s + t < sp.floor(s) + 1 + t)

    @lemma("ceiling is above, by less than 1")
    def _() -> Any:
        s, t = terms.linear(), t1()
        return sp.And(sp.ceiling(s) + t >= s + t, sp.ceiling(s) + t < s + 1 + t)

    @lemma("floor is superadditive")
    def _() -> Any:
        s, t = terms.linear(), terms.linear()
        return sp.floor(s + t) >= sp.floor(s) + sp.floor(t)

    @lemma("floor is monotone")
    def _() -> Any:
        s, t = terms.linear(), terms.linear()
        return sp.floor(s) <= sp.floor(t), [s <= t]

    @lemma("floor and ceiling of halves of an integer add up")
    def _() -> Any:
        k = terms.whole()
        return eq(sp.floor(k / 2) + sp.ceiling(k / 2), k)

    @lemma("integers are discrete")
    def _() -> Any:
        k, l = terms.whole(), terms.whole()  # noqa: E741
        return k >= l + 1, [k > l]

    @lemma("an integer between")
    def _() -> Any:
        k, s = terms.whole(), terms.linear()
        return k <= sp.floor(s), [k <= s]

    @lemma("a square is not negative")
    def _() -> Any:
        s, t = t1(), terms.linear()
        return sp.expand(s**2 + t**2) >= sp.expand(2 * s * t)

    @lemma("product of positive terms")
    def _() -> Any:
        s, t = t1(), terms.linear()
        return s * t > 0, [s > 0, t > 0]

    @lemma("product of bounded terms")
    def _() -> Any:
        s, t, a = terms.linear(), terms.linear(), abs(terms.number())
        p = SYMBOLS["p"]
        return sp.Abs(s * t) <= a * p, [sp.Abs(s) <= a, sp.Abs(t) <= p]

    @lemma("multiplying an inequality")
    def _() -> Any:
        s, t, c = t1(), t1(), rng.choice([SYMBOLS["p"], SYMBOLS["q"]])
        return c * s < c * t, [s < t]

    @lemma("dividing an inequality")
    def _() -> Any:
        s, t, c = t1(), t1(), SYMBOLS["p"] + abs(terms.number())
        return s / c <= t / c, [s <= t]

    @lemma("a fraction below 1")
    def _() -> Any:
        p, q, c = SYMBOLS["p"], SYMBOLS["q"], abs(terms.number())
        return c * p / (p + q) < c

    @lemma("arithmetic and geometric mean")
    def _() -> Any:
        s, t = SYMBOLS["p"] * abs(terms.number()), SYMBOLS["q"] + abs(terms.number())
        return (s + t) ** 2 >= 4 * s * t

    @lemma("convex combination")
    def _() -> Any:
        s, t, l = terms.linear(), terms.linear(), SYMBOLS["p"]  # noqa: E741
        return l * s + (1 - l) * t <= sp.Max(s, t), [l <= 1]

    @lemma("root of an integer")
    def _() -> Any:
        s, k = t1(), rng.choice([2, 3, 5, 6, 7])
        low = sp.Rational(int((k * 10**4) ** 0.5 // 1), 100)  # ⌊100√k⌋/100, checked by squares:
        assert low**2 < k < (low + sp.Rational(1, 100)) ** 2
        return sp.And(
            low * s <= sp.sqrt(k) * s, sp.sqrt(k) * s <= (low + sp.Rational(1, 100)) * s
        ), [s >= 0]

    @lemma("root of a square")
    def _() -> Any:
        s = terms.linear()
        return eq(sp.sqrt(sp.expand(s**2)), sp.Abs(s))

    @lemma("transitivity")
    def _() -> Any:
        s, t, r = t1(), t1(), t1()
        return s < r, [s <= t, t < r]

    @lemma("size below a bound")
    def _() -> Any:
        s, t = t1(), t1()
        return sp.And(-t < s, s < t), [sp.Abs(s) < t]

    @lemma("one of two")
    def _() -> Any:
        s, t, r = t1(), t1(), terms.linear()
        return sp.Or(s >= r, t >= r), [s + t >= 2 * r]

    @lemma("a step against the sign")
    def _() -> Any:
        s, c = t1(), abs(terms.number())
        return sp.Abs(s - c * sp.sign(s)) <= sp.Max(sp.Abs(s), c)

    @lemma("Cauchy and Schwarz")
    def _() -> Any:
        s, t, r, u = terms.linear(), terms.real(), terms.real(), terms.linear()
        return (s * t + r * u) ** 2 <= (s**2 + r**2) * (t**2 + u**2)

    @lemma("means of three")
    def _() -> Any:
        p, q, c = SYMBOLS["p"], SYMBOLS["q"], abs(terms.number())
        return p**3 + q**3 + c**3 >= 3 * c * p * q

    @lemma("Bernoulli")
    def _() -> Any:
        p, k = SYMBOLS["p"] * abs(terms.number()), rng.choice([2, 3, 4])
        return (1 + p) ** k >= 1 + k * p

    @lemma("Young")
    def _() -> Any:
        s, t, c = t1(), terms.linear(), SYMBOLS["p"]
        return s * t <= s**2 / (2 * c) + c * t**2 / 2

    @lemma("x/(1 + x) is increasing")
    def _() -> Any:
        s, t = t1(), t1()
        return s / (1 + s) <= t / (1 + t), [s >= 0, t >= s]

    @lemma("a size over more than it")
    def _() -> Any:
        s, c = t1(), abs(terms.number())
        return sp.Abs(s) / (c + sp.Abs(s)) < 1

    @lemma("reciprocals reverse the order")
    def _() -> Any:
        s, t = t1(), t1()
        return 1 / s < 1 / t, [t > 0, s > t]

    @lemma("a quotient of positive terms")
    def _() -> Any:
        s, t = t1(), terms.linear()
        return s / t > 0, [s > 0, t > 0]

    @lemma("root is subadditive")
    def _() -> Any:
        s, t = SYMBOLS["p"] * abs(terms.number()), SYMBOLS["q"]
        return sp.sqrt(s + t) <= sp.sqrt(s) + sp.sqrt(t)

    @lemma("length of a vector")
    def _() -> Any:
        s, t = terms.linear(), terms.real()
        return sp.sqrt(s**2 + t**2) <= sp.Abs(s) + sp.Abs(t)

    @lemma("floor of a floor")
    def _() -> Any:
        s, k = terms.linear(), rng.choice([2, 3])
        return eq(sp.floor(sp.floor(s) / k), sp.floor(s / k))

    @lemma("an integer less than 1 in size")
    def _() -> Any:
        k = terms.whole()
        return eq(k, 0), [sp.Abs(k) < 1]

    @lemma("consecutive integers")
    def _() -> Any:
        k = terms.whole()
        return k * (k + 1) >= 0

    @lemma("even is not odd")
    def _() -> Any:
        return sp.Ne(2 * terms.whole(), 2 * terms.whole() + 1)

    @lemma("two steps against the sign")
    def _() -> Any:
        s, c = terms.linear(), abs(terms.number())
        once = s - c * sp.sign(s)
        return sp.Abs(once - c * sp.sign(once)) <= sp.Max(sp.Abs(s), c)

    @lemma("solving an equation")
    def _() -> Any:
        s, t, c = t1(), terms.linear(), abs(terms.number())
        return eq(s, t / c), [eq(c * s, t)]

    @lemma("a product is 0 only with a factor")
    def _() -> Any:
        s, t = t1(), terms.linear()
        return sp.Or(eq(s, 0), eq(t, 0)), [eq(s * t, 0)]

    return lemmas


def _joined(rng: random.Random, first: Sentence, second: Sentence) -> Sentence:
    """Join two true statements into a true one."""
    given, why = (*first.given, *second.given), (*first.why, *second.why)
    a, b = first.conclusion, second.conclusion
    inequalities = all(isinstance(f, sp.Le | sp.Lt | sp.Ge | sp.Gt) for f in (a, b))
    if inequalities and rng.random() < 0.4:
        strict = any(isinstance(f, sp.Lt | sp.Gt) for f in (a, b))
        relation = sp.Lt if strict else sp.Le
        factor = rng.choice([sp.Integer(1), SYMBOLS["p"], SYMBOLS["q"]])
        return Sentence(
            relation(a.lts + factor * b.lts, a.gts + factor * b.gts), given, (*why, "sum")
        )
    if first.given and rng.random() < 0.5:
        conclusion = sp.And(sp.Implies(sp.And(*first.given), a), b)
        return Sentence(conclusion, second.given, (*why, "implication"))
    if rng.random() < 0.5:
        return Sentence(sp.And(a, b), given, (*why, "both"))
    return Sentence(sp.Or(sp.And(a, b), _anything(rng)), given, (*why, "weakening"))


def _anything(rng: random.Random) -> Formula:
    terms = Terms(rng)
    return terms.linear() > terms.linear()


def true_sentences(rng: random.Random) -> Iterator[Sentence]:
    """True statements: each lemma by itself, then lemmas joined."""
    lemmas = list(_lemmas(Terms(rng)).values())
    while True:
        for make in lemmas:
            try:
                sentence = make()
                for probability in (0.4, 0.2):
                    if rng.random() < probability:
                        sentence = _joined(rng, sentence, rng.choice(lemmas)())
                if is_usable(sentence):
                    yield sentence
            except RecursionError:  # sympy's canonical form of some conditions with roots
                continue


def is_usable(sentence: Sentence) -> bool:
    """Whether sympy left it a statement, of a moderate size, that its text tells exactly."""
    return (
        not any(isinstance(f, sp.logic.boolalg.BooleanAtom) for f in sentence.formulas)
        and sum(sp.count_ops(f) for f in sentence.formulas) <= 90
        and all(parse(str(f)) == f for f in sentence.formulas)
    )


def parse(text: str) -> Formula:
    """Read a formula as :func:`str` writes it."""
    return sp.sympify(text, locals=SYMBOLS)


# --- Changes that make statements false ----------------------------------------------------------

_OTHERS = {
    sp.Le: (sp.Lt, sp.Ge), sp.Lt: (sp.Gt, sp.Le), sp.Ge: (sp.Gt, sp.Le), sp.Gt: (sp.Lt, sp.Ge),
    sp.Eq: (sp.Le, sp.Lt, sp.Ge, sp.Ne),
}  # fmt: skip


def changed(rng: random.Random, sentence: Sentence) -> tuple[str, Sentence]:
    """Change a statement at random, and say how."""
    kinds = ["relation", "constant", "construct"] + ["hypothesis"] * bool(sentence.given)
    kind = rng.choice(kinds)
    if kind == "hypothesis":
        k = rng.randrange(len(sentence.given))
        given = sentence.given[:k] + sentence.given[k + 1 :]
        return f"without {sentence.given[k]}", Sentence(sentence.conclusion, given)
    conclusion = sentence.conclusion
    if kind == "relation":
        relations = [
            r
            for r in _sorted(conclusion.atoms(sp.core.relational.Relational))
            if type(r) in _OTHERS
        ]
        if relations:
            old = rng.choice(relations)
            return "another relation", _with(
                sentence, old, rng.choice(_OTHERS[type(old)])(*old.args)
            )
    if kind == "construct":
        atoms = _sorted(conclusion.atoms(sp.Abs, sp.Min, sp.Max, sp.floor, sp.ceiling, sp.sign))
        if atoms:
            old = rng.choice(atoms)
            swap = {sp.Min: sp.Max, sp.Max: sp.Min, sp.floor: sp.ceiling, sp.ceiling: sp.floor}
            new = swap[type(old)](*old.args) if type(old) in swap else old.args[0]
            return f"another construct for {old}", _with(sentence, old, new)
    numbers = _sorted(a for a in conclusion.atoms(sp.Rational) if a not in (0, -1))
    if numbers:
        old = rng.choice(numbers)
        return f"another constant for {old}", _with(
            sentence, old, old + sp.Rational(rng.choice([-1, 1]), rng.choice([1, 3]))
        )
    return "nothing", sentence


def _sorted(atoms: Any) -> list[sp.Basic]:
    return sorted(atoms, key=sp.default_sort_key)


def _with(sentence: Sentence, old: sp.Basic, new: sp.Basic) -> Sentence:
    return Sentence(sentence.conclusion.xreplace({old: new}), sentence.given)


def counterexample(
    rng: random.Random, sentence: Sentence, tries: int = 800
) -> dict[sp.Symbol, Surd] | None:
    """Draw points until one refutes the statement in plain exact arithmetic."""
    for _ in range(tries):
        at = {s: _drawn(rng, s) for s in sentence.symbols}
        try:
            if all(holds(h, at) for h in sentence.given) and not holds(sentence.conclusion, at):
                return at
        except NotRepresentableError:
            continue
    return None


def _drawn(rng: random.Random, symbol: sp.Symbol) -> Surd:
    low = 1 if symbol.is_positive else -8
    size = Fraction(rng.randint(low, 8))
    return Surd.of(size if symbol.is_integer else size / rng.choice([1, 1, 2, 3, 4]))


def false_sentences(rng: random.Random) -> Iterator[tuple[Sentence, dict[sp.Symbol, Surd]]]:
    """False statements, each with an exact point at which it fails."""
    for sentence in true_sentences(rng):
        try:
            how, other = changed(rng, sentence)
            if other == sentence or not is_usable(other):
                continue
        except (TypeError, ValueError, RecursionError):  # the change is no statement
            continue
        at = counterexample(rng, other)
        if at is not None:
            yield Sentence(other.conclusion, other.given, (*sentence.why, how)), at


# --- The file ------------------------------------------------------------------------------------


def entry(sentence: Sentence, at: dict[sp.Symbol, Surd] | None) -> dict[str, Any]:
    """One statement as JSON-ready data."""
    data: dict[str, Any] = {
        "given": [str(f) for f in sentence.given],
        "conclusion": str(sentence.conclusion),
        "truth": at is None,
        "built": list(sentence.why),
        "constructs": sorted(constructs(sentence)),
    }
    return data if at is None else data | {"fails": {str(s): str(v) for s, v in at.items()}}


def constructs(sentence: Sentence) -> set[str]:
    """Names of the constructs that a statement has."""
    found = {
        name for name, kinds in CONSTRUCTS.items() if any(f.has(*kinds) for f in sentence.formulas)
    }
    powers = set().union(*(f.atoms(sp.Pow) for f in sentence.formulas))
    products = set().union(*(f.atoms(sp.Mul) for f in sentence.formulas))
    found |= {"root"} if any(p.exp.q == 2 for p in powers) else set()
    found |= {"division"} if any(p.exp.is_negative for p in powers) else set()
    found |= {"integer"} if any(s.is_integer for s in sentence.symbols) else set()
    if any(len(m.free_symbols) > 1 for m in products) or any(p.base.free_symbols for p in powers):
        found.add("product of symbols")
    return found


def make(seed: int = SEED, size: int = SIZE) -> list[dict[str, Any]]:
    """Return ``size`` different statements, half of them false."""
    entries: dict[tuple[str, ...], dict[str, Any]] = {}
    sources = (
        ((sentence, None) for sentence in true_sentences(random.Random(seed))),
        false_sentences(random.Random(seed + 1)),
    )
    for source in sources:
        wanted = len(entries) + size // 2
        for sentence, at in source:
            entries.setdefault(tuple(map(str, sentence.formulas)), entry(sentence, at))
            if len(entries) == wanted:
                break
    return list(entries.values())


def main() -> None:
    """Write the file."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    file = Path(sys.argv[2]) if len(sys.argv) > 2 else FILE
    file.write_text(json.dumps(make(seed), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
