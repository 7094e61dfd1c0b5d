"""Benchmarks as ratios: what is compared is measured in one run, on one machine, with its spread.

The training job is that of Figure 4.7, four optimizers on one seed with minibatches of 1,000. Slow
rivals do fewer iterations of it, and their time is scaled up. The population job is signGD in the
normalised variables from many starts, in float64 with T and Δc(T), and exactly, in int32, with the
final states; every update evaluates the map. The closed form answers for whole orbits at once.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from simulations.device import computing, resolve
from simulations.gradients import ExactLawMinibatch, GradientOracle, SampledMinibatch
from simulations.optimizers import OPTIMIZERS
from simulations.population import (
    STARTS_ABREAST,
    follow_exactly,
    integer_moves,
    run_signgd,
)
from simulations.questions.lattice import closed_forms, nearest_starts
from simulations.simulate import simulate
from theory.dct import dct_matrix
from theory.dynamics import NormalisedState, normalised_step
from theory.limit import closed_form
from theory.orbit import Start

# The problem of Figure 4.7.
_SIGMA_TILDE_SQ: Final = (0.01, 0.0025, 0.0)
_E0_TILDE: Final = (0.01 - 5, -0.01 - 10, 0.02)
_ETA: Final = 0.01
_SAMPLES: Final = 1000

_LOADER_POINTS: Final = 5000
_RATIO: Final = 0.25

_WIDTH: Final = 100
# A thousand take hours; more would not make a median better.
_MOST_REPEATS: Final = 1000


@dataclass(frozen=True)
class Sizes:
    """How much work the jobs do.

    Attributes:
        iterations: iterations of the training job.
        sampled: iterations done, and scaled up, with sampled minibatches in JAX.
        torch: the same for the PyTorch loop.
        loader: the same for the loop that builds a DataLoader at every iteration.
        starts: initial weights of the population job.
        steps: steps of the population job.
        exact_starts: initial weights of the exact population job.
        exact_steps: steps of the exact population job.
        exact_done: steps that its slow rivals do, scaled up.
        solved: starts that the closed form is evaluated for.

    """

    iterations: int
    sampled: int
    torch: int
    loader: int
    starts: int
    steps: int
    exact_starts: int
    exact_steps: int
    exact_done: int
    solved: int


FULL: Final = Sizes(200_001, 4_000, 400, 200, 1_000_000, 100, 10_000_000, 960, 20, 1_000_000)
QUICK: Final = Sizes(500, 20, 5, 2, 2_000, 10, 2_000, 10, 5, 2_000)


@dataclass(frozen=True)
class Job:
    """Something to be timed.

    Attributes:
        name: what it is.
        run: does it once, to the end; None if it cannot be run here.
        done: updates that ``run`` makes, of one optimizer or one start each.
        whole: updates of the whole job, to which the time is scaled.
        baseline: name of the job that the time is divided by.
        prepare: called before each timed run.

    """

    name: str
    run: Callable[[], Any] | None
    done: int
    whole: int
    baseline: str
    prepare: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Measurement:
    """Seconds that the whole job takes, one value for each repetition; empty if it was not run."""

    job: Job
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median time in seconds."""
        return statistics.median(self.seconds)


def measure(job: Job, repeats: int) -> Measurement:
    """Time ``job`` ``repeats`` times, after a first time that does not count.

    Raises:
        ValueError: ``repeats`` is smaller than 1 or greater than 1000.

    """
    if not 1 <= repeats <= _MOST_REPEATS:
        raise ValueError(f"repeats: expected an integer from 1 to {_MOST_REPEATS}, got {repeats}")
    if job.run is None:
        return Measurement(job, ())
    job.run()
    seconds = []
    for _ in range(repeats):
        job.prepare()
        begin = time.perf_counter()
        job.run()
        seconds.append((time.perf_counter() - begin) * job.whole / job.done)
    return Measurement(job, tuple(seconds))


def jobs(sizes: Sizes, device: str = "auto") -> Iterator[Job]:
    """Yield all jobs; those on a GPU only where ``device`` finds one.

    Raises:
        DeviceError: the device is not there.

    """
    gpu = resolve(device).platform == "gpu"
    yield from _training_jobs(sizes, ["cpu", "gpu"] if gpu else ["cpu"])
    yield from _population_jobs(sizes, ["cpu", "gpu"] if gpu else ["cpu"])
    yield from _exact_jobs(sizes, ["cpu", "gpu"] if gpu else ["cpu"])
    yield from _closed_form_jobs(sizes, ["cpu", "gpu"] if gpu else ["cpu"])


def _training_jobs(sizes: Sizes, devices: list[str]) -> Iterator[Job]:
    def job(name: str, run: Callable[[int], Any] | None, iterations: int, **options: Any) -> Job:
        return Job(
            name,
            run and partial(run, iterations),
            iterations * len(OPTIMIZERS),
            sizes.iterations * len(OPTIMIZERS),
            baseline,
            **options,
        )

    exact_law = ExactLawMinibatch(_SIGMA_TILDE_SQ, _SAMPLES)
    baseline = "exact law, JAX cpu"
    for device in devices:
        run = partial(_train, exact_law, device)
        yield job(f"exact law, JAX {device}", run, sizes.iterations)
    yield job(
        "exact law, JAX cpu, compiling",
        partial(_train, exact_law, "cpu"),
        sizes.iterations,
        prepare=jax.clear_caches,
    )
    sampled = SampledMinibatch(_SIGMA_TILDE_SQ, _SAMPLES)
    for device in devices:
        run = partial(_train, sampled, device)
        yield job(f"sampled, JAX {device}", run, sizes.sampled)
    torch = _torch()
    yield job("sampled, PyTorch", torch and partial(_torch_loop, torch), sizes.torch)
    yield job("new DataLoader a step", torch and partial(_loader_loop, torch), sizes.loader)


def _population_jobs(sizes: Sizes, devices: list[str]) -> Iterator[Job]:
    a, b, c = starts = np.random.default_rng(0).uniform(-30, 30, (3, sizes.starts))
    work = sizes.starts * sizes.steps
    baseline = "signGD, JAX cpu"
    for device in devices:
        run = partial(run_signgd, a, b, c, _RATIO, sizes.steps, device=device)
        yield Job(f"signGD, JAX {device}", run, work, work, baseline)
        for what, bound in (("a multiply-add", _multiply_adds), ("a pass over memory", _passes)):
            name = f"{what} a step, JAX {device}"
            yield Job(name, partial(bound, starts, sizes.steps, device), work, work, baseline)
    run = partial(_population_loop, np, starts, sizes.steps)
    yield Job("signGD, NumPy", run, work, work, baseline)
    torch = _torch()
    yield Job(
        "signGD, PyTorch",
        torch and partial(_population_loop, torch, torch.tensor(starts), sizes.steps),
        work,
        work,
        baseline,
    )


def _exact_jobs(sizes: Sizes, devices: list[str]) -> Iterator[Job]:
    start = _lattice_starts(sizes.exact_starts)
    baseline = "signGD, exact, JAX cpu"

    def job(name: str, run: Callable[[int], Any], steps: int) -> Job:
        done, whole = (sizes.exact_starts * n for n in (steps, sizes.exact_steps))
        return Job(name, partial(run, steps), done, whole, baseline)

    for device in devices:
        name = f"signGD, exact, JAX {device}"
        yield job(name, partial(_follow, start, device, None), sizes.exact_steps)
        name = f"loop over arrays, JAX {device}"
        yield job(name, partial(_array_loop, start, device), sizes.exact_done)
    one = partial(_follow, start, "cpu", 1)
    yield job("signGD, exact, JAX cpu, one thread", one, sizes.exact_steps)


def _closed_form_jobs(sizes: Sizes, devices: list[str]) -> Iterator[Job]:
    start = _lattice_starts(sizes.solved)
    start = Start(*(word.astype(np.int64) for word in start))
    baseline = "closed form, JAX cpu"
    for device in devices:
        run = partial(closed_forms, start, device)
        yield Job(f"closed form, JAX {device}", run, sizes.solved, sizes.solved, baseline)
    run = partial(closed_form, start)
    yield Job("closed form, NumPy", run, sizes.solved, sizes.solved, baseline)


def _lattice_starts(n: int) -> Start:
    """Return n starts in 32 bits with |a|, |b| ≤ 30, none of which meets a tie."""
    a, b = np.random.default_rng(0).uniform(-30, 30, (2, n))
    start = nearest_starts(a, b, np.full(n, _RATIO))
    return Start(*(word.astype(np.int32) for word in start))


def _follow(start: Start, device: str, threads: int | None, steps: int) -> Any:
    return follow_exactly(start, steps, device=device, threads=threads)


def _array_loop(start: Start, device: str, steps: int) -> tuple[np.ndarray, ...]:
    """Do what :func:`simulations.population.follow_exactly` does, a step of all starts at a time.

    Returns:
        3a·unit, 3b·unit and 2(c − c(0)), of shape (N,) each.

    """
    with computing(device):
        return tuple(map(np.asarray, _looped(*start, np.int32(steps))))


@jax.jit
def _looped(
    a: jax.Array, b: jax.Array, r: jax.Array, unit: jax.Array, steps: jax.Array
) -> tuple[jax.Array, ...]:
    def step(_: jax.Array, state: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        a, b, twice_c = state
        of_a, of_b, of_c = integer_moves(a, b)
        return a - unit * of_a, b - r // 2 * of_b, twice_c - of_c

    return jax.lax.fori_loop(0, steps, step, (a, b, jnp.zeros_like(a)))


def _multiply_adds(starts: np.ndarray, steps: int, device: str) -> None:
    """One multiply-add a step and start, in the loop that signGD has: a bound by arithmetic.

    signGD's own step is some twenty operations, so it cannot come nearer than that.
    """
    with computing(device) as place:
        _advanced(starts[0], np.int32(steps), platform=place.platform).block_until_ready()


@partial(jax.jit, static_argnames="platform")
def _advanced(starts: jax.Array, steps: jax.Array, *, platform: str) -> jax.Array:
    def one(x: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, steps, lambda _, x: x * 0.5 + 1.0, x)

    if platform == "cpu":
        return jax.lax.map(one, starts, batch_size=STARTS_ABREAST)
    return jax.vmap(one)(starts)


def _passes(starts: np.ndarray, steps: int, device: str) -> None:
    """Read and write the state of all starts once a step: a bound by memory on unfused steps."""
    with computing(device):
        state = jnp.asarray(starts)
        for _ in range(steps):
            state = _incremented(state)
        state.block_until_ready()


@partial(jax.jit, donate_argnums=0)
def _incremented(state: jax.Array) -> jax.Array:
    return state + 1.0


def _train(oracle: GradientOracle, device: str, iterations: int) -> None:
    simulate(oracle, _E0_TILDE, learning_rate=_ETA, iterations=iterations, device=device)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch


def _torch_optimizers(torch: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Weights, their optimizer, and whether it sees signs only, for each optimizer."""
    classes = [torch.optim.SGD, torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop]
    for name, optimizer in zip(OPTIMIZERS, classes, strict=True):
        e = torch.tensor(_E0_TILDE, dtype=torch.float64) @ _torch_dct(torch)
        e.requires_grad_(True)
        yield e, optimizer([e], lr=_ETA), name == "signGD"


def _torch_dct(torch: Any) -> Any:
    return torch.tensor(np.array(dct_matrix(len(_SIGMA_TILDE_SQ)), float))


def _torch_step(torch: Any, trained: list[tuple[Any, Any, bool]], inputs: Any) -> None:
    for e, optimizer, signs_only in trained:
        optimizer.zero_grad()
        (inputs @ e).square().mean().div(2).backward()
        if signs_only:
            e.grad = torch.sign(e.grad)
        optimizer.step()


def _torch_inputs(torch: Any, n: int, root: Any) -> Any:
    return torch.randn(n, len(root), dtype=torch.float64) @ root


def _torch_root(torch: Any) -> Any:
    return torch.tensor(_SIGMA_TILDE_SQ, dtype=torch.float64).sqrt()[:, None] * _torch_dct(torch)


def _torch_loop(torch: Any, iterations: int) -> None:
    """Sample a tensor of inputs at each step; the four optimizers share it."""
    trained, root = list(_torch_optimizers(torch)), _torch_root(torch)
    for _ in range(iterations):
        _torch_step(torch, trained, _torch_inputs(torch, _SAMPLES, root))


def _loader_loop(torch: Any, iterations: int) -> None:
    """Sample 5,000 points at each step and read them through a new DataLoader, as one batch."""
    trained, root = list(_torch_optimizers(torch)), _torch_root(torch)
    for _ in range(iterations):
        points = torch.utils.data.TensorDataset(_torch_inputs(torch, _LOADER_POINTS, root))
        for (inputs,) in torch.utils.data.DataLoader(
            points, batch_size=_LOADER_POINTS, shuffle=True
        ):
            _torch_step(torch, trained, inputs)


def _population_loop(library: ModuleType, starts: Any, steps: int) -> Any:
    """Do what :func:`simulations.population.run_signgd` does, in NumPy or PyTorch."""
    symbols = sp.symbols("a b c r", real=True)
    image = tuple(normalised_step(NormalisedState(*symbols[:3]), symbols[3]))
    step = sp.lambdify(symbols, image, modules=library.__name__, cse=True)
    a, b, c = starts
    T, delta_c = 0 * c, 0 * c
    outside = T == 0
    for _ in range(steps):
        outside = outside & (abs(a) >= 1)
        a, b, after = step(a, b, c, _RATIO)
        T, delta_c, c = T + outside, delta_c + outside * (after - c), after
    return a, b, c, T, delta_c


def tables(measurements: list[Measurement]) -> Iterator[Table]:
    """Lay out measurements, one table for each baseline, with ratios of medians to its median."""
    medians = {m.job.name: m.median for m in measurements if m.seconds}
    for baseline, group in itertools.groupby(measurements, lambda m: m.job.baseline):
        shown = Table(caption=f"ratio to: {baseline}", caption_justify="left", box=SIMPLE)
        shown.add_column("job", no_wrap=True)
        for column in ("n", "median s", "min to max s", "updates/s", "ratio"):
            shown.add_column(column, justify="right")
        for m in group:
            shown.add_row(*_cells(m, medians))
        yield shown


def _cells(m: Measurement, medians: dict[str, float]) -> tuple[str, ...]:
    if not m.seconds:
        return m.job.name, "0", "not run (extra nn)"
    scaled = "" if m.job.done == m.job.whole else f" (scaled ×{m.job.whole / m.job.done:.0f})"
    return (
        m.job.name + scaled,
        str(len(m.seconds)),
        f"{m.median:.3g}",
        f"{min(m.seconds):.3g} to {max(m.seconds):.3g}",
        f"{m.job.whole / m.median:.2g}",
        _ratio(m.median / medians[m.job.baseline]),
    )


def _ratio(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"


def _hardware() -> str:
    torch = _torch()
    versions = f"JAX {jax.__version__}, " + (
        f"PyTorch {torch.__version__}" if torch else "no PyTorch"
    )
    devices = ", ".join({device.device_kind for device in jax.devices()})
    return f"{os.cpu_count()} CPU cores, {devices}; {versions}"


def main(quick: bool = False, repeats: int = 5, device: str = "auto") -> None:
    """Measure all jobs and print a table for each baseline.

    Args:
        quick: small sizes, to see that everything runs; the numbers mean nothing.
        repeats: timed runs of each job.
        device: ``auto``, ``cpu`` or ``gpu``; the jobs on the CPU always run.

    """
    console = Console()
    console.width = max(_WIDTH, console.width)
    measurements = []
    for job in jobs(QUICK if quick else FULL, device):
        with console.status(job.name):
            measurements.append(measure(job, repeats))
    console.print(f"On {_hardware()}")
    for table in tables(measurements):
        console.print(table)
