import numpy as np
import pytest

from simulations.bench import exact
from simulations.bench.exact import (
    array_loop,
    compiled_loop,
    confirmed,
    eager_loop,
    lattice_starts,
    operations_of_a_step,
    same,
)
from simulations.bench.job import UnavailableError
from simulations.engine.population import follow_exactly, word_for
from theory.model.orbit import Start

WORDS = ["int16", "int32"]
STEPS = 320


@pytest.fixture(scope="module", params=WORDS)
def followed(request):
    start = lattice_starts(500, request.param)
    return start, follow_exactly(start, STEPS, device="cpu", threads=1)


def test_starts_are_of_the_words_that_they_are_named_for():
    for word in WORDS:
        start = lattice_starts(500, word)
        assert {x.dtype for x in start} == {np.dtype(word)}
        assert word_for(start, 1920) == word


def test_final_states_are_confirmed(followed, monkeypatch):
    start, ends = followed
    monkeypatch.setattr(exact, "_CHECKED_AT_ONCE", 200)
    monkeypatch.setattr(exact, "_SAMPLE", 20)
    said = confirmed(start, STEPS, ends)
    assert "all 500 starts" in said
    assert "from 20 are" in said


@pytest.mark.parametrize("index", [0, 499])
def test_one_wrong_state_is_found(followed, index):
    start, ends = followed
    for field in ends._fields:
        wrong = getattr(ends, field).copy()
        wrong[index] += 1
        with pytest.raises(RuntimeError, match="differ from those of the closed form"):
            confirmed(start, STEPS, ends._replace(**{field: wrong}))


def test_the_exact_map_is_a_second_route(followed, monkeypatch):
    start, ends = followed
    compare = exact._compare

    def by_the_map_only(*arguments):
        if arguments[-1] == "exact map":
            compare(*arguments)

    monkeypatch.setattr(exact, "_compare", by_the_map_only)
    confirmed(start, STEPS, ends)
    wrong = ends.b.copy()
    wrong[3] -= 1
    with pytest.raises(RuntimeError, match="differ from those of the exact map"):
        confirmed(start, STEPS, ends._replace(b=wrong))


def test_orbits_have_to_have_ended(followed):
    start, _ = followed
    ends = follow_exactly(start, 5, device="cpu", threads=1)
    with pytest.raises(RuntimeError, match="expected enough steps"):
        confirmed(start, 5, ends)


def test_rivals_do_the_same(followed):
    start, _ = followed
    for rival in (lambda n: array_loop(start, "cpu", n), lambda n: eager_loop(np, start, n)):
        theirs = rival(7)
        assert {x.dtype for x in theirs} == {start.a.dtype}
        assert "after 7 steps are those" in same(start, 7, theirs)
        with pytest.raises(RuntimeError, match="after 7 steps a rival is elsewhere"):
            same(start, 7, rival(6))


# PyTorch's compiler uses what PyTorch deprecates.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_rivals_in_pytorch_do_the_same():
    torch = pytest.importorskip("torch", reason="torch: make test")
    start = lattice_starts(500, "int16")
    tensors = Start(*map(torch.from_numpy, start))
    ours = follow_exactly(start, 2, device="cpu", threads=1)
    for theirs in (eager_loop(torch, tensors, 2), compiled_loop(torch, tensors, 2)):
        assert {x.dtype for x in theirs} == {torch.int16}
        assert np.array_equal(ours, [x.numpy() for x in theirs])
    assert not np.array_equal(ours, [x.numpy() for x in eager_loop(torch, tensors, 3)])


def test_without_a_compiler_its_rival_is_not_run(monkeypatch):
    monkeypatch.setattr(exact.shutil, "which", lambda _: None)
    with pytest.raises(UnavailableError, match=r"needs a C\+\+ compiler"):
        compiled_loop(None, None, 1)


def test_operations_of_a_step():
    """18 of them, a negation that XLA removes, and a share of what fifteen steps have in common."""
    for word in WORDS:
        assert 18 < operations_of_a_step(word) < 20
