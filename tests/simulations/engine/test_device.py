import logging

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulations.engine import device
from simulations.engine.device import DeviceError, computing, float_dtype, resolve


@pytest.fixture
def no_gpu(monkeypatch):
    def devices(platform):
        if platform == "gpu":
            raise RuntimeError("Unknown backend gpu")
        return real(platform)

    real = jax.devices
    monkeypatch.setattr(jax, "devices", devices)


def test_auto_and_cpu_without_a_gpu(no_gpu):
    assert resolve("auto").platform == resolve("cpu").platform == "cpu"


def test_auto_prefers_a_gpu(monkeypatch):
    monkeypatch.setattr(device, "_devices", lambda platform: [f"the {platform}"])
    assert resolve("auto") == resolve("gpu") == "the gpu"
    assert resolve("cpu") == "the cpu"


def test_of_several_devices_the_threads_default_is_taken(monkeypatch):
    there = {"gpu": [], "cpu": ["first", *jax.local_devices(backend="cpu")]}
    monkeypatch.setattr(device, "_devices", there.__getitem__)
    assert resolve("auto") == "first"
    with jax.default_device(there["cpu"][1]):
        assert resolve("auto") is resolve("cpu") is there["cpu"][1]
        there["gpu"].append("the gpu")
        assert resolve("auto") == "the gpu"
        assert resolve("cpu") is there["cpu"][1]


def test_absent_gpu_is_an_error_that_says_what_to_do(no_gpu):
    with pytest.raises(DeviceError, match=r"asked for a GPU.*only .*make reproduce EXTRAS=gpu"):
        resolve("gpu")


def test_unknown_device():
    with pytest.raises(DeviceError, match="auto, cpu, gpu, got 'tpu'"):
        resolve("tpu")


def test_precision_and_its_restoration():
    with jax.enable_x64(False):
        with computing("cpu", "float64"):
            assert jnp.ones(1).dtype == np.float64
        assert jnp.ones(1).dtype == np.float32
    with computing("cpu", np.float32):
        assert jnp.ones(1).dtype == np.float32


@pytest.mark.parametrize("dtype", ["float16", "int64", "nonsense"])
def test_other_dtypes_are_rejected(dtype):
    with pytest.raises(ValueError, match="float64 or float32, got"):
        float_dtype(dtype)


def test_looking_for_devices_says_nothing(caplog, no_gpu):
    with caplog.at_level(logging.WARNING):
        resolve("auto")
    assert not caplog.records
