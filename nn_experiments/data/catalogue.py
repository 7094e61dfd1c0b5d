"""Data sets by name: found, downloaded or made; checked, read and divided as a spec says."""

from __future__ import annotations

import os
from pathlib import Path

from nn_experiments.data import cifar, folders, idx, search, splits, svhn, synthetic
from nn_experiments.data.archives import unpack
from nn_experiments.data.checksums import verify
from nn_experiments.data.download import fetch
from nn_experiments.data.images import DataSet, Images
from nn_experiments.data.published import PUBLISHED, Published
from nn_experiments.specs import DataSpec
from theory.common.errors import UserError
from theory.common.tables import TextTable

_OWN = {"folder:": folders.read_own, "idx:": idx.read_own}
"""Readers of one's own images by what a name starts with; a path follows."""
_MADE = "made by the project"
_ANY = ("your own", "any, gray or, in folders, RGB", "any")


def load(spec: DataSpec, *, data_dir: Path | None = None, download: bool = True) -> DataSet:
    """Return the images that a spec asks for, on the CPU, as bytes.

    Names are those that :func:`describe` lists. One's own images are ``folder:PATH`` for
    ``PATH/train/CLASS/*`` and ``PATH/test/CLASS/*``, or ``idx:PATH`` for IDX files named as MNIST's
    (see :func:`nn_experiments.data.idx.read_own`). First ``validation_images`` are held out, then
    ``train_images`` are drawn from the others, both with equal shares of the classes by
    ``subset_seed``. The test has the first ``test_images``.

    Args:
        spec: which images, and how many.
        data_dir: a folder to look for data sets in, and to download them to;
            :func:`nn_experiments.data.search.find` says where else they are looked for.
        download: whether to download what is not found.

    Raises:
        UserError: the name is unknown; files are not found, missing, damaged or not the published
            ones; there are fewer images than the spec asks for.

    """
    train, test = _everything(spec.name, data_dir, download)
    if spec.test_images is not None and spec.test_images > len(test):
        raise UserError(
            f"test_images: expected at most {len(test)}, as many as {spec.name} has, got "
            f"{spec.test_images}. Ask for fewer."
        )
    validation = None
    if spec.validation_images:
        train, validation = splits.hold_out(train, spec.validation_images, spec.subset_seed)
    if spec.train_images is not None:
        train = splits.subset(train, spec.train_images, spec.subset_seed)
    return DataSet(spec.name, train, test.first(spec.test_images), validation)


def describe(data_dir: Path | None = None) -> TextTable:
    """Return a table of the data sets: size, where each was found, what its files are checked by.

    Nothing is read or downloaded.

    Raises:
        UserError: ``data_dir`` is not a folder.

    """
    if data_dir is not None and not data_dir.exists():
        raise UserError(
            f"--data-dir: expected a folder with data sets, got {data_dir}, which is not there."
        )
    header = ("name", "images to train + test", "size", "classes", "found", "checked by")
    made = [
        (
            name,
            f"{synthetic.TRAIN:,} + {synthetic.TEST:,}",
            _size((1, synthetic.SIZE, synthetic.SIZE)),
            str(synthetic.CLASSES),
            _MADE,
            "",
        )
        for name in synthetic.NAMES
    ]
    own = [
        ("folder:PATH", *_ANY, "PATH/train/CLASS/*, PATH/test/CLASS/*", "format of each image"),
        ("idx:PATH", *_ANY, "PATH/train-images-idx3-ubyte[.gz] …, as MNIST's", "format and length"),
    ]
    published = [_row(data_set, data_dir) for data_set in PUBLISHED]
    return TextTable(header, [*published, *made, *own])


def obtain(
    data_set: Published, data_dir: Path | None = None, download: bool = True
) -> tuple[Images, Images]:
    """Return all images of a published data set, to train and to test on; find or download them.

    Raises:
        UserError: files are not found, missing, damaged or not the published ones.

    """
    place = _found(data_set, data_dir, download)
    if place is None:
        place = _downloaded(data_set, data_dir, download)
    return read(data_set, place)


def source(name: str, data_dir: Path | None = None, download: bool = True) -> str:
    """Return where :func:`load` takes a data set from, in words.

    Raises:
        UserError: the name is unknown, or a folder that the user named holds a part of the data
            set; what is missing is named.

    """
    data_set = _published(name)
    if data_set is None:
        return str(_own_folder(name)) if _kind(name) else _MADE
    place = _found(data_set, data_dir, download)
    if place is None and not download:
        return "not found"
    if place is None:
        return f"to be downloaded to {search.own_folder(data_set, data_dir)}"
    named = search.named(data_dir)
    if not named or any(place.folder.is_relative_to(root) for root in named):
        return str(place.folder)
    return f"{place.folder}, as there are none in {' or '.join(map(str, named))}"


def _found(data_set: Published, data_dir: Path | None, download: bool) -> search.Place | None:
    """Return where all of a data set is, or none if its files, or those missing, are downloaded."""
    found = search.find(data_set, data_dir)
    if not isinstance(found, search.Part):
        return found
    resumes = found.published and found.folder == search.own_folder(data_set, data_dir)
    if download and resumes:
        return None
    raise UserError(search.incomplete(data_set, found))


def read(data_set: Published, place: search.Place) -> tuple[Images, Images]:
    """Return all images of a published data set, to train and to test on, from where it was found.

    An archive is unpacked first, beside itself or, if that cannot be written, in the cache.

    Raises:
        UserError: files are damaged or not the published ones.

    """
    if place.packed:
        place = _unpacked(data_set, place)
    images = _read(data_set, place)
    numbers = tuple(map(len, images))
    if len(data_set.images) == 1:
        numbers = (sum(numbers),)
    got = (numbers, images[0].classes, images[0].shape)
    if got != (data_set.images, data_set.classes, data_set.shape):
        raise UserError(
            f"{place.folder}: expected {data_set.name} whole, {_contents(data_set)}, got "
            f"{' + '.join(f'{n:,}' for n in numbers)} images of {_size(images[0].shape)} in "
            f"{images[0].classes} classes. Remove its files there and get them again."
        )
    return images


def _everything(name: str, data_dir: Path | None, download: bool) -> tuple[Images, Images]:
    data_set = _published(name)
    if data_set is not None:
        return obtain(data_set, data_dir, download)
    if kind := _kind(name):
        return _OWN[kind](_own_folder(name))
    made = synthetic.images(name)
    return made.train, made.test


def _kind(name: str) -> str:
    """Return what a name of one's own images starts with; nothing for other names."""
    return next((start for start in _OWN if name.startswith(start)), "")


def _own_folder(name: str) -> Path:
    kind = _kind(name)
    path = name.removeprefix(kind)
    if not path:
        raise UserError(f"data: expected a folder of your own images, {kind}PATH, got no PATH.")
    return Path(path).expanduser()


def _published(name: str) -> Published | None:
    """Return the published data set of a name, or none if it is the user's own or is made."""
    for data_set in PUBLISHED:
        if data_set.name == name:
            return data_set
    if _kind(name) or name in synthetic.NAMES:
        return None
    names = (*(data_set.name for data_set in PUBLISHED), *synthetic.NAMES)
    raise UserError(
        f"data: expected one of {', '.join(names)}, or folder:PATH or idx:PATH for your own "
        f"images, got {name!r}."
    )


def _downloaded(data_set: Published, data_dir: Path | None, download: bool) -> search.Place:
    folder = search.own_folder(data_set, data_dir)
    try:
        if not download:
            raise UserError(f"{data_set.name}: not found, and downloads are off.")
        for file in data_set.files:
            fetch(file, folder)
    except UserError as error:
        raise UserError(f"{error}\n{_what_to_put_where(data_set, data_dir)}") from error
    place = search.held(data_set, folder)
    assert place is not None, "all files were fetched into this folder"
    return place


def _what_to_put_where(data_set: Published, data_dir: Path | None) -> str:
    sizes = {f.name: f" ({f.size:,} bytes)" if f.size else "" for f in data_set.files}
    listed = [f"  {file.name}{sizes[file.name]} from {file.url}" for file in data_set.files]
    looked = ", ".join(str(folder) for folder in search.folders(data_set, data_dir))
    return "\n".join(
        [
            f"Put the published files into {search.own_folder(data_set, data_dir)}:",
            *listed,
            f"or name their folder by --data-dir or {search.VARIABLE}. Looked into: {looked}.",
        ]
    )


def _unpacked(data_set: Published, place: search.Place) -> search.Place:
    assert data_set.archive is not None
    verify(place.paths[0], data_set.archive)
    writable = os.access(place.folder, os.W_OK)
    folder = place.folder if writable else search.cache_folder(data_set)
    folder.mkdir(parents=True, exist_ok=True)
    unpack(place.paths[0], _top(data_set), folder, data_set.nested)
    for candidate in (folder, *(folder / below for below in data_set.folders)):
        found = search.held(data_set, candidate)
        if found and not found.packed:
            return found
    raise UserError(
        f"{folder / _top(data_set)}: expected all of {', '.join(data_set.unpacked)} after "
        f"{place.paths[0]} was unpacked, got less. Remove both and run again."
    )


def _top(data_set: Published) -> str:
    return Path(data_set.nested or data_set.unpacked[0]).parts[0]


def _read(data_set: Published, place: search.Place) -> tuple[Images, Images]:
    paths = place.paths
    match data_set.format:
        case "idx":
            sums = [file.contents for file in data_set.files]
            return (
                idx.read_pair(paths[0], paths[1], data_set.classes, (sums[0], sums[1])),
                idx.read_pair(paths[2], paths[3], data_set.classes, (sums[2], sums[3])),
            )
        case "cifar":
            *train, test = paths
            return cifar.read(train, data_set.classes), cifar.read([test], data_set.classes)
        case "svhn":
            train_file, test_file = data_set.files
            return (
                svhn.read_published(paths[0], train_file),
                svhn.read_published(paths[1], test_file),
            )
        case "caltech101":
            return folders.read_caltech101(paths[0])
        case "imagenette":
            return folders.read_imagenette(paths[0].parent)


def _row(data_set: Published, data_dir: Path | None) -> tuple[str, ...]:
    found = search.find(data_set, data_dir)
    place = found if isinstance(found, search.Place) else None
    where = "not found" if found is None else str(found.folder)
    return (
        data_set.name,
        " + ".join(f"{n:,}" for n in data_set.images),
        _size(data_set.shape),
        str(data_set.classes),
        f"{where}, incomplete" if isinstance(found, search.Part) else where,
        _checked_by(data_set, place),
    )


def _checked_by(data_set: Published, place: search.Place | None) -> str:
    if place and data_set.archive and not place.packed:
        return "number, size and format of unpacked files"
    file = data_set.files[0]
    of_contents = f"{file.contents.partition(':')[0].upper()} of the contents"
    return of_contents if file.contents else file.checksum.partition(":")[0].upper()


def _size(shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return f"{height} × {width} × {channels}"


def _contents(data_set: Published) -> str:
    numbers = " + ".join(f"{n:,}" for n in data_set.images)
    return f"{numbers} images of {_size(data_set.shape)} in {data_set.classes} classes"
