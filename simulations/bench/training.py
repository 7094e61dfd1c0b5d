"""The training job of Figure 4.7: four optimizers on one seed, with minibatches of 1,000.

Slow rivals do fewer iterations of it, and their time is scaled up.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import jax
import numpy as np

from simulations.bench.job import Job
from simulations.bench.pytorch import pytorch
from simulations.engine.gradients import ExactLawMinibatch, GradientOracle, SampledMinibatch
from simulations.engine.rules import update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import log_spaced, train_each
from simulations.studies.figure_4_7.settings import OPTIMIZERS
from theory.model.dct import dct_matrix

# The problem of Figure 4.7.
_SIGMA_TILDE_SQ: Final = (0.01, 0.0025, 0.0)
_W_STAR_TILDE: Final = np.array([5.0, 10.0, 0.0])
_W0_TILDE: Final = np.array([0.01, -0.01, 0.02])
_ETA: Final = 0.01
_SAMPLES: Final = 1000

_LOADER_POINTS: Final = 5000


def training_jobs(
    devices: Sequence[str], *, whole: int, sampled: int, torch_loop: int, loader: int
) -> Iterator[Job]:
    """Yield the jobs.

    Args:
        devices: ``cpu`` and, where there is one, ``gpu``.
        whole: iterations.
        sampled: iterations done, and scaled up, with sampled minibatches in JAX.
        torch_loop: the same for the PyTorch loop.
        loader: the same for the loop that builds a DataLoader at every iteration.

    """

    def job(name: str, run: Callable[[int], Any] | None, iterations: int, **options: Any) -> Job:
        return Job(
            name,
            run and partial(run, iterations),
            iterations * len(OPTIMIZERS),
            whole * len(OPTIMIZERS),
            baseline,
            **options,
        )

    exact_law = ExactLawMinibatch(_SIGMA_TILDE_SQ, _SAMPLES)
    baseline = "exact law, JAX cpu"
    for device in devices:
        run = partial(_train, exact_law, device)
        yield job(f"exact law, JAX {device}", run, whole)
    yield job(
        "exact law, JAX cpu, compiling",
        partial(_train, exact_law, "cpu"),
        whole,
        prepare=jax.clear_caches,
    )
    by_sampling = SampledMinibatch(_SIGMA_TILDE_SQ, _SAMPLES)
    for device in devices:
        run = partial(_train, by_sampling, device)
        yield job(f"sampled, JAX {device}", run, sampled)
    torch = pytorch()
    yield job("sampled, PyTorch", torch and partial(_torch_loop, torch), torch_loop)
    yield job("new DataLoader a step", torch and partial(_loader_loop, torch), loader)


def _train(oracle: GradientOracle, device: str, iterations: int) -> None:
    train_each(
        Runs(np.array(_SIGMA_TILDE_SQ), _W_STAR_TILDE, _W0_TILDE, (0,)),
        {name: update_rule(name, _ETA) for name in OPTIMIZERS},
        iterations=iterations,
        oracle=oracle,
        record_at=log_spaced(iterations),
        device=device,
    )


def _torch_optimizers(torch: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Weights, their optimizer, and whether it sees signs only, for each optimizer."""
    classes = [torch.optim.SGD, torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop]
    for name, optimizer in zip(OPTIMIZERS, classes, strict=True):
        e = torch.tensor(_W0_TILDE - _W_STAR_TILDE) @ _torch_dct(torch)
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
