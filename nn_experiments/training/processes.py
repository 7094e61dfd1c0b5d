"""Processes for training: each has an interpreter of its own, with torch imported."""

from __future__ import annotations

import multiprocessing
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
    return context
