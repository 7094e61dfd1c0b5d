"""Networks, built from their spec: the thesis's two, a linear model, or a class of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from math import prod

import torch
from torch import Tensor, nn

from nn_experiments.models.preact_resnet import PreActResNet18
from nn_experiments.models.two_layer_cnn import TwoLayerCNN
from nn_experiments.specs import ModelSpec
from theory.common.errors import UserError, told

NAMES = ("two-layer-cnn", "preactresnet18", "linear")
"""The networks that come with the package."""


def build(spec: ModelSpec, shape: tuple[int, int, int], classes: int, seed: int) -> nn.Module:
    """Return a freshly initialised network, on the CPU, in training mode.

    It maps float images with values in [0, 1], shape (N, *shape), to logits, shape (N, classes).
    Its weights depend on the arguments alone; torch's global random state is left as it was.

    Args:
        spec: which network.
        shape: channels, height, width.
        classes: how many logits.
        seed: of the initial weights, by PyTorch's default initialisation.

    Raises:
        UserError: there is no such network, it has no such options, or it does not map the shape
            to the classes.

    """
    with _seeded(seed):
        match spec.name:
            case "two-layer-cnn":
                _refuse(spec, batch_norm=True)
                return TwoLayerCNN(shape, classes)
            case "preactresnet18":
                return PreActResNet18(shape, classes, spec.batch_norm, **_standardise(spec))
            case "linear":
                _refuse(spec, batch_norm=True)
                return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), classes))
        model = _own(spec)
        _check(spec.name, model, shape, classes)
        return model


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def with_defaults(spec: ModelSpec) -> ModelSpec:
    """Return a spec that says all options of a network that comes with the package.

    Raises:
        UserError: it has no such options.

    """
    if spec.name != "preactresnet18":
        return spec
    return replace(spec, options=dict(_standardise(spec)))


def _standardise(spec: ModelSpec) -> dict[str, bool]:
    options = {"standardise": False} | spec.options
    if len(options) > 1 or not isinstance(options["standardise"], bool):
        raise UserError(
            f"{spec.name}: expected no options but standardise, true or false, got {spec.options}."
        )
    return {"standardise": options["standardise"]}


def _refuse(spec: ModelSpec, batch_norm: bool) -> None:
    if spec.options:
        raise UserError(
            f"{spec.name}: expected no options, got {spec.options}. "
            "Options are for preactresnet18 and a class of one's own."
        )
    if batch_norm and spec.batch_norm:
        raise UserError(
            f"{spec.name}: expected batch_norm to be off, got on. Only preactresnet18 has it."
        )


def _own(spec: ModelSpec) -> nn.Module:
    _refuse(ModelSpec(spec.name, spec.batch_norm), batch_norm=True)
    kind = _class_at(spec.name)
    try:
        return kind(**spec.options)
    except (Exception, SystemExit) as error:
        raise UserError(
            f"model {spec.name}: expected it to be built with the options {spec.options}, got "
            f"{told(error)}. Give its keyword arguments as model.options."
        ) from error


def _class_at(path: str) -> type[nn.Module]:
    module_name, colon, class_name = path.partition(":")
    if not (module_name and colon and class_name):
        raise UserError(
            "model: expected two-layer-cnn, preactresnet18, linear or package.module:Class, got "
            f"{path!r}."
        )
    try:
        found = getattr(import_module(module_name), class_name)
    except (Exception, SystemExit) as error:
        raise UserError(
            f"model {path}: expected to import {class_name} from {module_name}, got "
            f"{told(error)}. Run from the folder that holds it, or install it."
        ) from error
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise UserError(
            f"model {path}: expected a subclass of torch.nn.Module, got {_kind(found)}. "
            "Name a class."
        )
    return found


def _kind(found: object) -> str:
    """Return what something is that is no network, without its address."""
    if isinstance(found, type):
        return f"the class {found.__name__}"
    return f"a {type(found).__name__}"


def _check(name: str, model: nn.Module, shape: tuple[int, int, int], classes: int) -> None:
    was_training = model.training
    try:
        with torch.no_grad():
            logits = model.eval()(torch.zeros(2, *shape))
    except (Exception, SystemExit) as error:
        raise UserError(
            f"model {name}: expected it to accept images of shape (N, {_commas(shape)}), got "
            f"{told(error)}. Change its options or the data set."
        ) from error
    finally:
        model.train(was_training)
    if not isinstance(logits, Tensor):
        raise UserError(
            f"model {name}: expected logits as one tensor of shape (N, {classes}), got "
            f"{_kind(logits)}. Return the logits alone."
        )
    got = tuple(logits.shape)
    if got != (2, classes):
        raise UserError(
            f"model {name}: expected logits of shape (N, {classes}) of images of shape "
            f"(N, {_commas(shape)}), got (N, {_commas(got[1:])}). Change its options."
        )


def _commas(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, sizes))
