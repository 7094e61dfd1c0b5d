"""Training: one loop for all optimizers, networks and images, and grids of runs."""

from nn_experiments.training.device import resolve
from nn_experiments.training.evaluation import Score, score
from nn_experiments.training.folder import RunRecord, folder_name, read_record
from nn_experiments.training.grid import train_all
from nn_experiments.training.loop import Progress, load_model, train

__all__ = [
    "Progress",
    "RunRecord",
    "Score",
    "folder_name",
    "load_model",
    "read_record",
    "resolve",
    "score",
    "train",
    "train_all",
]
