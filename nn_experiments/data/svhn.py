"""The cropped digits of SVHN, files of MATLAB (format 2 of ufldl.stanford.edu/housenumbers).

``X`` has the shape (32, 32, 3, N), rows first; ``y`` has (N, 1), with 10 for the digit 0.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nn_experiments.data.checksums import verify
from nn_experiments.data.images import Images
from nn_experiments.data.labelled import labelled
from nn_experiments.data.published import PublishedFile
from theory.common.errors import UserError


def read_published(path: Path, file: PublishedFile) -> Images:
    """Return the digits of a published file, whose checksum is verified first.

    Without that, scipy's reader can bring the whole process down on a damaged file.

    Raises:
        UserError: the file is missing, or not the published one.

    """
    verify(path, file)
    return read(path)


def read(path: Path) -> Images:
    """Return the digits of a file that can be trusted, shape (N, 3, 32, 32), with labels 0 to 9.

    Raises:
        UserError: the file is missing or of another format.

    """
    variables = _variables(path)
    X, y = (np.asarray(variables.get(name, 0.0)) for name in ("X", "y"))
    if X.dtype != np.uint8 or X.ndim != 4 or X.shape[:3] != (32, 32, 3) or y.dtype.kind not in "ui":
        raise UserError(
            f"{path}: expected X of the shape (32, 32, 3, N), uint8, and y of integers, got "
            f"{X.shape} {X.dtype} and {y.shape} {y.dtype}. Get the file again."
        )
    pixels = torch.from_numpy(np.ascontiguousarray(X.transpose(3, 2, 0, 1)))
    from_zero = torch.from_numpy(y.ravel().astype(np.int64)) - 1
    images = labelled(pixels, from_zero, 10, path)
    return replace(images, labels=(images.labels + 1) % 10)


def _variables(path: Path) -> dict[str, Any]:
    import scipy.io

    try:
        return scipy.io.loadmat(path, variable_names=("X", "y"))
    except Exception as error:  # scipy has no common class for what damaged files make it raise
        raise UserError(
            f"cannot read {path} as a file of MATLAB: {error}. Get the file again."
        ) from error
