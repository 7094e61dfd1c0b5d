import multiprocessing
import os
import time
from pathlib import Path

from nn_experiments.training.processes import end_with_parent, fork_context


def wait_long(pid_to, ends):
    if ends:
        end_with_parent()
    pid_to.send(os.getpid())
    time.sleep(60)


def start_two(pids_to):
    # Not the server's own: that would be a second server, which takes seconds to start.
    context = multiprocessing.get_context("fork")
    # A process forked later would hold the earlier one's link to their parent open.
    for ends in (False, True):
        context.Process(target=wait_long, args=(pids_to, ends)).start()
    time.sleep(60)


def is_running(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_ends_with_the_one_that_started_it():
    ours, theirs = multiprocessing.Pipe()
    parent = fork_context().Process(target=start_two, args=(theirs,))
    parent.start()
    pids = {ours.recv(), ours.recv()}
    parent.kill()
    parent.join()
    deadline = time.monotonic() + 20
    while sum(map(is_running, pids)) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    left = [pid for pid in pids if is_running(pid)]
    for pid in left:
        os.kill(pid, 9)
    # The failing twin is the other one, which does not ask for it.
    assert len(left) == 1
