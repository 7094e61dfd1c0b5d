"""No verdict depends on the processors that a machine has: GPUs are hidden, as if there were none.

What a test says about one it says by setting the detection itself.
"""

import pytest


@pytest.fixture(autouse=True, scope="session")
def no_gpus():
    """Hide them by the variable that CUDA reads, which processes that are started inherit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield
