"""Where a study runs: its folder, its device, and how work is shared out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from nn_experiments.data.loader import Loader
from nn_experiments.training.cluster import Cluster, Resources


@dataclass(frozen=True)
class Workspace:
    """Where a study runs and what it leaves behind.

    Attributes:
        out: its folder: ``runs/`` for the trainings, results beside it.
        loader: reads the images.
        device: where to compute.
        jobs: how many processes train or measure at once, on a CPU.
        threads: of a CPU operation in each; if None, the cores shared out.
        cluster: where trainings are queued, if not here.
        resources: what each queued training gets.
        aside: where results are written until all are, if not in ``out`` at once.

    """

    out: Path
    loader: Loader
    device: str = "auto"
    jobs: int = 1
    threads: int | None = None
    cluster: Cluster | None = None
    resources: Resources | None = None
    aside: Path | None = None

    @property
    def runs(self) -> Path:
        """Folder of the runs' folders."""
        return self.out / "runs"

    @property
    def into(self) -> Path:
        """Folder that results are written in."""
        return self.aside or self.out

    @property
    def measurements(self) -> Path:
        """File of what was measured."""
        return self.out / "measurements.safetensors"

    @property
    def cpu_threads(self) -> int:
        """Threads of a CPU operation in each process."""
        return self.threads or max(1, torch.get_num_threads() // self.jobs)
