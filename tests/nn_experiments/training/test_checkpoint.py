import resource
import struct
from contextlib import contextmanager

import pytest
import torch

from nn_experiments.training.checkpoint import Checkpoint, load, save
from theory.common.errors import UserError

STATE = {
    "model": {"a": torch.arange(6.0).view(2, 3), "n": torch.tensor(3)},
    "optimizer": {
        "state": {0: {"step": torch.tensor(2.0), "buffer": None}, 10: {}},
        "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "params": [0, 10], "fused": True}],
    },
    "text": "σ",
}
HEADER = {"epoch": 3, "spec": {"seed": 0}}


@contextmanager
def files_of_at_most(size):
    """Let the kernel refuse larger files, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b) and a.dtype == b.dtype
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and all(map(same, a, b))
    return a == b and type(a) is type(b)


def test_round_trip(tmp_path):
    save(tmp_path / "c", Checkpoint(HEADER, STATE))
    found = load(tmp_path / "c", "cpu")
    assert found.header == HEADER
    assert same(found.state, STATE)
    assert [p.name for p in tmp_path.iterdir()] == ["c"]


def test_equal_checkpoints_are_equal_files(tmp_path):
    # The library's order of three names is one of six by chance: ten are equal once in 6⁹ times.
    state = {**STATE, 'layer σ \\ "\n': {"weight": torch.ones(2)}}
    contents = set()
    for _ in range(10):
        save(tmp_path / "c", Checkpoint(HEADER, state))
        contents.add((tmp_path / "c").read_bytes())
        assert same(load(tmp_path / "c", "cpu").state, state)
    assert len(contents) == 1


def test_others_may_read_it_as_any_new_file(tmp_path):
    (tmp_path / "new").touch()
    save(tmp_path / "c", Checkpoint(HEADER, STATE))
    assert (tmp_path / "c").stat().st_mode == (tmp_path / "new").stat().st_mode


def test_tensors_that_share_memory_or_are_not_contiguous(tmp_path):
    a = torch.rand(3, 4)
    state = {"a": a, "again": a, "turned": a.t(), "first": a[:, 0]}
    save(tmp_path / "c", Checkpoint({}, state))
    assert same(load(tmp_path / "c", "cpu").state, state)


def test_is_a_safetensors_file(tmp_path):
    # By its published layout: the header's length as 8 bytes, little-endian, then JSON.
    save(tmp_path / "c", Checkpoint(HEADER, STATE))
    content = (tmp_path / "c").read_bytes()
    [length] = struct.unpack("<Q", content[:8])
    assert content[8 : 8 + length].startswith(b"{")
    assert b"pickle" not in content


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_truncated(tmp_path, kept):
    path = tmp_path / "c"
    save(path, Checkpoint(HEADER, STATE))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="expected a whole checkpoint, got"):
        load(path, "cpu")


def test_another_programs_file(tmp_path):
    import safetensors.torch

    safetensors.torch.save_file({"a": torch.ones(2)}, tmp_path / "c")
    with pytest.raises(UserError, match="expected a whole checkpoint, got"):
        load(tmp_path / "c", "cpu")


def test_missing(tmp_path):
    with pytest.raises(UserError, match="cannot read"):
        load(tmp_path / "c", "cpu")


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path):
    path = tmp_path / "c"
    save(path, Checkpoint(HEADER, STATE))
    before = path.read_bytes()
    with files_of_at_most(4096), pytest.raises(UserError, match="cannot write"):
        save(path, Checkpoint(HEADER, {"a": torch.zeros(5000)}))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["c"]
