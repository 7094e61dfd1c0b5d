"""Training state in a safetensors file: tensors, and JSON in the header. Nothing is pickled."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nn_experiments.tensor_files import order_names
from theory.common.errors import UserError, told
from theory.common.files import write_whole

# Checkpoints of another layout are refused by this number in their header.
_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds: numbers, text and tensors.

    Attributes:
        header: JSON values by name.
        state: nested dictionaries and lists of JSON values and tensors, such as a ``state_dict``;
            keys of dictionaries are text or integers.

    """

    header: Mapping[str, Any]
    state: Mapping[str, Any]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint whole: an interruption leaves the earlier file.

    Raises:
        UserError: the folder cannot be written, for instance because the disk is full.
        TypeError: something in it is neither JSON nor a tensor.

    """
    tensors: dict[str, Tensor] = {}
    layout = _packed(checkpoint.state, "", tensors)
    metadata = {"format": _FORMAT, "header": dict(checkpoint.header), "layout": layout}
    text = {name: json.dumps(value) for name, value in metadata.items()}
    write_whole(path, lambda part: _write_durably(part, tensors, text))


def load(path: Path, device: torch.device | str) -> Checkpoint:
    """Read a checkpoint onto a device.

    Raises:
        UserError: the file is missing, truncated, or no checkpoint of this program.

    """
    try:
        with safetensors.safe_open(path, framework="pt", device=str(device)) as file:
            metadata = {k: json.loads(v) for k, v in (file.metadata() or {}).items()}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata["format"] != _FORMAT:
            raise ValueError(f"format {metadata['format']}, where {_FORMAT} is expected")
        return Checkpoint(metadata["header"], _unpacked(metadata["layout"], tensors))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: expected a whole checkpoint, got {told(error)}. "
            "Delete the file; the run then begins anew."
        ) from error


def is_whole(path: Path) -> bool:
    """Say whether there is a file of the length that its header tells; its tensors are not read."""
    try:
        with safetensors.safe_open(path, framework="pt"):
            return True
    except (OSError, safetensors.SafetensorError):
        return False


def _write_durably(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    try:
        safetensors.torch.save_file(tensors, path, metadata)
    except safetensors.SafetensorError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        raise (OSError(int(number[1]), str(error)) if number else OSError(str(error))) from error
    with path.open("rb+") as file:
        order_names(file)
        file.flush()
        # Otherwise a power failure after the move could leave an empty file under the final name.
        os.fsync(file.fileno())


def _unshared(tensor: Tensor, tensors: dict[str, Tensor]) -> Tensor:
    """Return a tensor as the format wants it, copied only if need be: all its memory is its own.

    Weights that a model uses twice share memory.
    """
    tensor = tensor.detach().cpu()
    memory = tensor.untyped_storage()
    used = {other.untyped_storage().data_ptr() for other in tensors.values()}
    whole = memory.nbytes() == tensor.numel() * tensor.element_size() and tensor.is_contiguous()
    if whole and memory.data_ptr() not in used:
        return tensor
    return tensor.clone(memory_format=torch.contiguous_format)


def _packed(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Return ``value`` as JSON in which tensors are names, and put the tensors under the names.

    Dictionaries become lists of pairs, as JSON would turn an optimizer's integer keys into text.
    """
    match value:
        case Tensor():
            tensors[name] = _unshared(value, tensors)
            return {"tensor": name}
        case Mapping():
            pairs = [[key, _packed(v, f"{name}/{key}", tensors)] for key, v in value.items()]
            return {"mapping": pairs}
        case list() | tuple():
            entries = [_packed(v, f"{name}/{k}", tensors) for k, v in enumerate(value)]
            return {"tuple" if isinstance(value, tuple) else "list": entries}
    return {"value": value}


def _unpacked(packed: Any, tensors: Mapping[str, Tensor]) -> Any:
    [(kind, content)] = packed.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "mapping":
            return {key: _unpacked(value, tensors) for key, value in content}
        case "list":
            return [_unpacked(value, tensors) for value in content]
        case "tuple":
            return tuple(_unpacked(value, tensors) for value in content)
    return content
