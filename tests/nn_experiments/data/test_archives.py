"""Archives that want out of their folder get nowhere, and nothing of them stays."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from nn_experiments.data.archives import unpack
from theory.common.errors import UserError


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, contents in members:
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


GOOD = (entry("images/a.txt"), b"a")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    return tmp_path / "below"


def left_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder.parent)) for path in folder.parent.rglob("*"))


def test_a_tar_file_is_unpacked(folder):
    archive = tar(folder / "a.tgz", GOOD, (entry("images/b/c.txt"), b"c"), (entry("other"), b""))
    unpack(archive, "images", folder)
    assert left_in(folder) == [
        "below",
        "below/a.tgz",
        "below/images",
        "below/images/a.txt",
        "below/images/b",
        "below/images/b/c.txt",
    ]
    assert (folder / "images/b/c.txt").read_bytes() == b"c"


# A Python that has them warns where they are not used.
@pytest.mark.filterwarnings("ignore:Python 3.14 will, by default, filter:DeprecationWarning")
def test_a_python_without_filters_unpacks_too(folder, monkeypatch):
    """They came with 3.11.4."""

    def extractall(self, path):
        for member in self.getmembers():
            self.extract(member, path)

    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.setattr(tarfile.TarFile, "extractall", extractall)
    unpack(tar(folder / "a.tgz", GOOD), "images", folder)
    assert (folder / "images/a.txt").read_bytes() == b"a"


def test_a_tar_file_in_a_zip_file_is_unpacked_beside_itself(folder):
    inner = tar(folder / "inner.tar.gz", GOOD)
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(inner, "top/inner.tar.gz")
    unpack(folder / "a.zip", "top", folder, nested="top/inner.tar.gz")
    assert (folder / "top/images/a.txt").read_bytes() == b"a"


@pytest.mark.parametrize(
    "members",
    [
        [(entry("../out.txt"), b"x")],
        [(entry("images/../../out.txt"), b"x")],
        [(entry("/tmp/out-of-the-folder.txt"), b"x")],
        [(entry("images/link", tarfile.SYMTYPE, "/etc"), b""), (entry("images/link/x"), b"x")],
        [(entry("images/link", tarfile.SYMTYPE, "a.txt"), b"")],
        [(entry("images/link", tarfile.LNKTYPE, "../../secret"), b"")],
        [(entry("images/pipe", tarfile.FIFOTYPE), b"")],
        [(entry("images/null", tarfile.CHRTYPE), b"")],
    ],
    ids=["up", "up later", "absolute", "symlink out", "symlink", "hard link", "pipe", "device"],
)
def test_a_tar_file_that_leads_elsewhere_is_refused_whole(folder, members):
    archive = tar(folder / "a.tgz", GOOD, *members)
    with pytest.raises(UserError, match=r"a\.tgz: expected files and folders only"):
        unpack(archive, "images", folder)
    assert left_in(folder) == ["below", "below/a.tgz"]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("../out.txt", 0),
        ("images/../../out.txt", 0),
        ("/tmp/out-of-the-folder.txt", 0),
        ("..\\out.txt", 0),
        ("images/link", 0o120777),
    ],
    ids=["up", "up later", "absolute", "backslash", "symlink"],
)
def test_a_zip_file_that_leads_elsewhere_is_refused_whole(folder, name, mode):
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("images/a.txt", "a")
        odd = zipfile.ZipInfo(name)
        odd.external_attr = mode << 16
        archive.writestr(odd, "/etc/passwd")
    with pytest.raises(UserError, match=r"a\.zip: expected files and folders only"):
        unpack(folder / "a.zip", "images", folder)
    assert left_in(folder) == ["below", "below/a.zip"]


@pytest.mark.parametrize("kind", ["tgz", "zip"])
def test_an_archive_cut_anywhere_is_named_and_leaves_nothing(folder, kind):
    archive = folder / f"a.{kind}"
    if kind == "tgz":
        tar(archive, GOOD, (entry("images/b.txt"), bytes(range(64)) * 20))
    else:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr("images/b.txt", bytes(range(64)) * 20)
    whole = archive.read_bytes()
    for kept in (*range(0, len(whole), 7), *range(len(whole) - 8, len(whole))):
        archive.write_bytes(whole[:kept])
        with pytest.raises(UserError, match=rf"a\.{kind}"):
            unpack(archive, "images", folder)
        assert left_in(folder) == ["below", f"below/a.{kind}"]


def test_an_archive_without_what_is_wanted_is_named(folder):
    archive = tar(folder / "a.tgz", GOOD)
    with pytest.raises(UserError, match="expected 'pictures' in it"):
        unpack(archive, "pictures", folder)
    assert left_in(folder) == ["below", "below/a.tgz"]


def test_what_stands_in_the_way_stays(folder):
    archive = tar(folder / "a.tgz", GOOD)
    (folder / "images").mkdir()
    (folder / "images/mine.txt").write_text("mine")
    unpack(archive, "images", folder)
    assert left_in(folder) == ["below", "below/a.tgz", "below/images", "below/images/mine.txt"]


def test_a_folder_that_cannot_be_written_is_named(folder):
    archive = tar(folder / "a.tgz", GOOD)
    with pytest.raises(UserError, match="cannot unpack"):
        unpack(archive, "images", folder / "nowhere")
