"""Downloads from a server on this machine; what comes is the published file, whole, or nothing."""

from pathlib import Path

import pytest

from nn_experiments.data.checksums import verify
from nn_experiments.data.download import fetch
from nn_experiments.data.published import PublishedFile
from theory.common.errors import UserError

GREETING = b"hello" * 1000
CHECKSUM = "md5:15986aaa2edb1a5148af59d63d59e281"


@pytest.fixture
def file(site: tuple[Path, str]) -> PublishedFile:
    served, address = site
    (served / "a.bin").write_bytes(GREETING)
    return PublishedFile("a.bin", f"{address}a.bin", CHECKSUM, len(GREETING))


def refused(file: PublishedFile, folder: Path, match: str) -> None:
    with pytest.raises(UserError, match=match) as caught:
        fetch(file, folder)
    assert file.url in str(caught.value)
    assert CHECKSUM in str(caught.value)
    assert not list(folder.iterdir()), "nothing half-written stays"


def test_a_file_comes_whole_and_its_progress_is_shown(file, tmp_path, capsys):
    path = fetch(file, tmp_path / "data")
    assert path.read_bytes() == GREETING
    verify(path, file)
    shown = capsys.readouterr()
    assert "Downloading a.bin" in shown.err
    assert "5.0/5.0 kB" in shown.err
    assert shown.out == ""


def test_published_bytes_have_the_published_checksum(fashion_mnist, as_published, site, tmp_path):
    served, address = site
    for published in fashion_mnist.files:
        contents = as_published(published)
        (served / published.name).write_bytes(contents)
        file = PublishedFile(
            published.name, address + published.name, published.checksum, published.size
        )
        verify(fetch(file, tmp_path / "data"), published)


def test_another_file_is_refused(file, site, tmp_path):
    (site[0] / "a.bin").write_bytes(GREETING[:-1] + b"0")
    refused(file, tmp_path / "data", "hash")


def test_a_truncated_file_is_refused(site, tmp_path):
    served, address = site
    (served / "a.bin").write_bytes(GREETING[:-1000])
    file = PublishedFile("a.bin", f"{address}a.bin?truncated", CHECKSUM)
    refused(file, tmp_path / "data", "IncompleteRead")


def test_a_missing_file_is_named(site, tmp_path):
    file = PublishedFile("b.bin", f"{site[1]}b.bin", CHECKSUM)
    refused(file, tmp_path / "data", "404")


def test_a_server_that_does_not_answer_is_named(site, tmp_path):
    # Port 9 discards; nobody listens on it here.
    file = PublishedFile("a.bin", "http://127.0.0.1:9/a.bin", CHECKSUM)
    refused(file, tmp_path / "data", "onnection")


def test_a_folder_that_cannot_be_made_is_named(file, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(UserError, match=r"cannot download .* to .*data"):
        fetch(file, tmp_path / "data")


def test_a_file_that_is_there_stays(file, tmp_path):
    (tmp_path / "a.bin").write_text("mine")
    assert fetch(file, tmp_path).read_text() == "mine"
