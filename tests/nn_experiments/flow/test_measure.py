"""Processes that measure: they end with the one that started them."""

import multiprocessing
import os
import time

from nn_experiments.data.loader import Loader
from nn_experiments.definition import definition
from nn_experiments.flow import measure
from nn_experiments.specs import DataSpec, OptimizerSpec, TrainingSpec
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.training import RunRecord
from nn_experiments.training.processes import fork_context
from tests.nn_experiments.training.test_processes import is_running

SETTINGS = Preset(
    data=DataSpec("synthetic"),
    optimizers=(OptimizerSpec("SGD", 0.1),),
    training=TrainingSpec(flips=False),
    seeds=(0, 1),
)


def never_ends(task, record, file):
    (task.root / str(os.getpid())).touch()
    time.sleep(60)


def measure_for_ever(root):
    measure._measure_silently = never_ends
    # Not the server's own: that would be a second server, which takes seconds to start.
    measure.fork_context = lambda: multiprocessing.get_context("fork")
    task = measure.Task(definition("optimizers").origin(SETTINGS), root, Loader(), "cpu", 1)
    records = [RunRecord(spec) for spec in task.origin.study().specs()]
    measure._abreast(task, records, 2, lambda *_: None)


def wait_until(is_so):
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_processes_end_with_the_one_that_measures(tmp_path):
    parent = fork_context().Process(target=measure_for_ever, args=(tmp_path,))
    parent.start()

    def pids():
        return [int(path.name) for path in tmp_path.iterdir()]

    wait_until(lambda: len(pids()) == 2)
    assert sum(map(is_running, pids())) == 2
    parent.kill()
    parent.join()
    wait_until(lambda: not any(map(is_running, pids())))
    left = [pid for pid in pids() if is_running(pid)]
    for pid in left:
        os.kill(pid, 9)
    assert not left
