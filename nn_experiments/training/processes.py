"""Processes for training: each has an interpreter of its own, with torch imported."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext

# An optimizer imports torch's compiler when it is first made, which takes seconds.
_PRELOADED = ["nn_experiments.training.loop", "torch._dynamo"]


def fork_context() -> ForkServerContext:
    """Return a context whose processes are forked from a server that only imports.

    Forking this process instead could hang, as torch may have started threads in it; and a GPU
    cannot be used in a fork of a process that uses it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    # Ctrl-C while the server imports would make it tell of it; it ends with this process anyhow.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return context


def end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, however that did.

    Ctrl-C, which reaches all processes of a terminal, is left to that one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
