"""Real data where it is installed, nobody's own folders, and a server on this machine."""

import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from nn_experiments.data import search
from nn_experiments.data.published import PUBLISHED, Published, PublishedFile
from tests.nn_experiments.data.made import BY_NAME, describing, tar_of

# When the published files were compressed, as their gzip headers say. Debian's package has dropped
# this and the name; the published SHA-256 settled it, as there is no other way to get it right.
COMPRESSED_AT = {"train": 1504176606, "t10k": 1504176627}


@pytest.fixture(autouse=True)
def _only_installed_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the user's cache and folder of data sets."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(search.VARIABLE, raising=False)


@pytest.fixture
def fashion_mnist() -> Published:
    data_set = next(d for d in PUBLISHED if d.name == "fashion-mnist")
    if search.find(data_set) is None:
        pytest.skip("Fashion-MNIST: make system-deps")
    return data_set


@pytest.fixture
def as_published(fashion_mnist: Published) -> Callable[[PublishedFile], bytes]:
    """Return the bytes of a file of Fashion-MNIST as they were published."""
    FNAME = 8

    def bytes_of(file: PublishedFile) -> bytes:
        assert fashion_mnist.installed is not None
        installed = (fashion_mnist.installed / file.name).read_bytes()
        time = struct.pack("<I", COMPRESSED_AT[file.name.partition("-")[0]])
        name = file.name.removesuffix(".gz").encode() + b"\0"
        return installed[:3] + bytes([FNAME]) + time + installed[8:10] + name + installed[10:]

    return bytes_of


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send_header(self, keyword, value):
        if keyword == "Content-Length" and self.path.endswith("?truncated"):
            value = str(int(value) + 1000)
        super().send_header(keyword, value)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder that a server on this machine serves, and its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def small_cifar(site: tuple[Path, str], tmp_path: Path) -> Published:
    """CIFAR-10 of two images a file, on a server on this machine."""
    served, address = site
    folder = tmp_path / "made" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    records = np.zeros((12, 3073), np.uint8)
    records[:, 0] = np.arange(12) % 10
    records[:, 1:] = 10 * np.arange(12)[:, None]
    for k, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        records[2 * k : 2 * k + 2].tofile(folder / f"{name}.bin")
    tar_of(folder, served / "cifar-10-binary.tar.gz")
    file = describing(served / "cifar-10-binary.tar.gz", address)
    return replace(BY_NAME["cifar10"], files=(file,), images=(10, 2))
