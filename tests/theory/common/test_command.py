"""How commands end: a user's mistake, Ctrl-C, and the signal of batch systems."""

import os
import signal
import threading
import time

import pytest

from theory.common.command import run
from theory.common.errors import UserError


def mistaken():
    raise UserError("expected a, got b.")


def ended():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
    return 0


def test_a_mistake_is_one_message(capsys):
    assert run(mistaken) == 2
    assert capsys.readouterr() == ("", "error: expected a, got b.\n")


def test_what_goes_on_afterwards_is_ended_like_ctrl_c(capsys):
    before = signal.getsignal(signal.SIGTERM)
    assert run(ended, resumes=True) == 130
    told = "interrupted; files written before are whole; the same command goes on from them\n"
    assert capsys.readouterr().err == told
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("resumes", [False, True])
def test_signals_are_left_to_others_elsewhere(resumes):
    """In a command that does not go on, and in a thread, where none can be set."""
    found = []

    def ask():
        found.append(signal.getsignal(signal.SIGTERM))
        return 0

    if resumes:
        thread = threading.Thread(target=run, args=(ask,), kwargs={"resumes": True})
        thread.start()
        thread.join()
    else:
        run(ask)
    assert found == [signal.getsignal(signal.SIGTERM)]
