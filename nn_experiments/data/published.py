"""The published data sets: their files, checksums and sizes.

Sources of checksums. SHA-256 and sizes in bytes: TensorFlow Datasets,
``tensorflow_datasets/url_checksums/{mnist,fashion_mnist,cifar10,cifar100,svhn_cropped,
imagenette}.txt``. The MD5 of caltech-101.zip: torchvision, ``torchvision/datasets/caltech.py``, and
the record at data.caltech.edu. The MD5s of the IDX files' contents are in many public scripts.
Those of Fashion-MNIST were computed here, too, from Debian's package dataset-fashion-mnist, whose
files are the published ones but for name and time in the gzip header: with these put back, their
SHA-256 is the published one. Those of MNIST were not computed here.

Of archives' contents no checksum is known: unpacked files are checked by their number, size and
format. The numbers of images are those that the authors give; of Caltech-101, without the
background class.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Format = Literal["idx", "cifar", "svhn", "caltech101", "imagenette"]


@dataclass(frozen=True)
class PublishedFile:
    """A file as it was published."""

    name: str
    url: str
    checksum: str
    """``sha256:…`` or ``md5:…``, of the file."""
    size: int | None = None
    """In bytes, if known."""
    contents: str = ""
    """Of what a ``.gz`` file holds, in the same notation."""


@dataclass(frozen=True)
class Published:
    """A published data set: what it holds, and which files hold it."""

    name: str
    format: Format
    files: tuple[PublishedFile, ...]
    images: tuple[int, ...]
    """How many images to train and to test on; or how many in all, if nobody published a split."""
    shape: tuple[int, int, int]
    """Channels, height and width, as they are read."""
    classes: int
    folders: tuple[str, ...]
    """Folders, below one that is searched, in which the files may be; the first is our own."""
    unpacked: tuple[str, ...] = ()
    """What an archive holds, if ``files`` is one: paths that make it unnecessary."""
    nested: str = ""
    """An archive in the archive that holds them."""
    installed: Path | None = None
    """Where a package of the operating system installs the files."""

    @property
    def archive(self) -> PublishedFile | None:
        """The one file that has to be unpacked, if there is one."""
        return self.files[0] if self.unpacked else None


def _idx(base: str, *files: tuple[str, str, int, str]) -> tuple[PublishedFile, ...]:
    return tuple(
        PublishedFile(name, base + name, f"sha256:{sha256}", size, f"md5:{md5_of_contents}")
        for name, sha256, size, md5_of_contents in files
    )


_MNIST = _idx(
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    (
        "train-images-idx3-ubyte.gz",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        9_912_422,
        "6bbc9ace898e44ae57da46a324031adb",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        28_881,
        "a25bea736e30d166cdddb491f175f624",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        1_648_877,
        "2646ac647ad5339dbf082846283269ea",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        4_542,
        "27ae3e4e09519cfbb04c329615203637",
    ),
)

_FASHION_MNIST = _idx(
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    (
        "train-images-idx3-ubyte.gz",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        26_421_880,
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        29_515,
        "9018921c3c673c538a1fc5bad174d6f9",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        4_422_102,
        "8181f5470baa50b63fa0f6fddb340f0a",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        5_148,
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
)

_SVHN = "http://ufldl.stanford.edu/housenumbers/"
_IMAGENETTE = "https://s3.amazonaws.com/fast-ai-imageclas/"

PUBLISHED: tuple[Published, ...] = (
    Published(
        name="mnist",
        format="idx",
        files=_MNIST,
        images=(60_000, 10_000),
        shape=(1, 28, 28),
        classes=10,
        folders=("mnist", "MNIST/raw"),
    ),
    Published(
        name="fashion-mnist",
        format="idx",
        files=_FASHION_MNIST,
        images=(60_000, 10_000),
        shape=(1, 28, 28),
        classes=10,
        folders=("fashion-mnist", "FashionMNIST/raw"),
        installed=Path("/usr/share/datasets/fashion-mnist"),
    ),
    Published(
        name="cifar10",
        format="cifar",
        files=(
            PublishedFile(
                "cifar-10-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
            ),
        ),
        images=(50_000, 10_000),
        shape=(3, 32, 32),
        classes=10,
        folders=("cifar10",),
        unpacked=(
            *(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
            "cifar-10-batches-bin/test_batch.bin",
        ),
    ),
    Published(
        name="cifar100",
        format="cifar",
        files=(
            PublishedFile(
                "cifar-100-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
                "sha256:58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
                168_513_733,
            ),
        ),
        images=(50_000, 10_000),
        shape=(3, 32, 32),
        classes=100,
        folders=("cifar100",),
        unpacked=("cifar-100-binary/train.bin", "cifar-100-binary/test.bin"),
    ),
    Published(
        name="svhn",
        format="svhn",
        files=(
            PublishedFile(
                "train_32x32.mat",
                f"{_SVHN}train_32x32.mat",
                "sha256:435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
                182_040_794,
            ),
            PublishedFile(
                "test_32x32.mat",
                f"{_SVHN}test_32x32.mat",
                "sha256:cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
                64_275_384,
            ),
        ),
        images=(73_257, 26_032),
        shape=(3, 32, 32),
        classes=10,
        folders=("svhn",),
    ),
    Published(
        name="caltech101",
        format="caltech101",
        files=(
            PublishedFile(
                "caltech-101.zip",
                "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
                "md5:3138e1922a9193bfa496528edbbc45d0",
            ),
        ),
        images=(8_677,),
        shape=(3, 224, 224),
        classes=101,
        folders=("caltech101", "caltech-101", "caltech101/caltech-101"),
        unpacked=("101_ObjectCategories",),
        nested="caltech-101/101_ObjectCategories.tar.gz",
    ),
    Published(
        name="imagenette",
        format="imagenette",
        files=(
            PublishedFile(
                "imagenette2-320.tgz",
                f"{_IMAGENETTE}imagenette2-320.tgz",
                "sha256:5020a9130cea0348272823cb12d2db7e981c6f2afa3dce71ccd5b8013005c55e",
                341_553_947,
            ),
        ),
        images=(9_469, 3_925),
        shape=(3, 224, 224),
        classes=10,
        folders=("imagenette",),
        unpacked=("imagenette2-320/train", "imagenette2-320/val"),
    ),
    Published(
        name="imagenette-160",
        format="imagenette",
        files=(
            PublishedFile(
                "imagenette2-160.tgz",
                f"{_IMAGENETTE}imagenette2-160.tgz",
                "sha256:88daccb09b6fce93f45e6c09ddeb269cce705549e6bff322092a2a5a11489863",
                98_948_031,
            ),
        ),
        images=(9_469, 3_925),
        shape=(3, 224, 224),
        classes=10,
        folders=("imagenette-160",),
        unpacked=("imagenette2-160/train", "imagenette2-160/val"),
    ),
)
