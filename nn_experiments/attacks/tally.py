"""What attacks found, image by image, and the check that each finding passes before it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from nn_experiments.attacks import balls
from nn_experiments.attacks.networks import halved
from nn_experiments.data.images import Images
from nn_experiments.models.answers import require_answers
from nn_experiments.models.evaluating import DISAGREEMENT, frozen
from nn_experiments.specs import ExactNumber, Norm, level
from theory.common.errors import UserError

Progress = Callable[[float, str], None]
"""Is told which share of the work is done, from 0 to 1, and what is being done."""


@dataclass(frozen=True)
class Robust:
    """Which images stay correctly classified under attack.

    Attributes:
        norm: of the perturbations.
        radii: R radii, in the order that was asked for.
        correct: shape (models, R, N), bool: classified correctly, and no attack found otherwise
            within the radius. N images.
        clean: shape (models, N), bool: classified correctly without attack.
        broken_by: shape (models, R, N), int8: the index in ``attacks`` of what changed the class,
            at this radius or another one; −1 if nothing did.
        examples: shape (models, R, K, channels, height, width), float32: of the first K images, the
            adversarial example where one was found, else the image.
        attacks: names of the attacks that were run, in order.
        engine: what ran them.
        steps: iterations of each gradient attack.
        notes: what the engine warned about, each warning once.
        notes_of: the same for each network; all for each, if it is None.
        without_gradient: shape (models, N), bool: where gradient attacks see nothing, see
            :mod:`~nn_experiments.attacks.masking`; nowhere, if it is None.

    All tensors are on the CPU.

    """

    norm: Norm
    radii: tuple[ExactNumber, ...]
    correct: Tensor
    clean: Tensor
    broken_by: Tensor
    examples: Tensor
    attacks: tuple[str, ...]
    engine: str
    steps: int
    notes: tuple[str, ...] = ()
    notes_of: tuple[tuple[str, ...], ...] | None = None
    without_gradient: Tensor | None = None

    def accuracy(self) -> Tensor:
        """Return robust accuracies, shape (models, R), from 0 to 1."""
        return self.correct.double().mean(2)

    def notes_on(self, network: int) -> tuple[str, ...]:
        """Return what the engine warned about, of one network."""
        return self.notes if self.notes_of is None else self.notes_of[network]

    def blind(self) -> Tensor:
        """Return :attr:`without_gradient`, False where nothing is known of it."""
        found = self.without_gradient
        return torch.zeros_like(self.clean) if found is None else found


def joined(parts: Sequence[Robust]) -> Robust:
    """Return the result for all images from results for consecutive parts of them.

    Raises:
        ValueError: there is no part, or two are not of one kind.

    """
    if not parts:
        raise ValueError("expected one part or more, got none")
    kinds = {(p.norm, p.radii, p.engine, p.steps) for p in parts}
    # Square comes last where an image has no gradient, and is left out where none is such.
    attacks = max((p.attacks for p in parts), key=len)
    if len(kinds) > 1 or any(p.attacks != attacks[: len(p.attacks)] for p in parts):
        raise ValueError(f"expected parts made in one way, got {kinds}")
    return replace(
        parts[0],
        correct=torch.cat([p.correct for p in parts], 2),
        clean=torch.cat([p.clean for p in parts], 1),
        broken_by=torch.cat([p.broken_by for p in parts], 2),
        examples=torch.cat([p.examples for p in parts], 2),
        attacks=attacks,
        notes=_once(note for p in parts for note in p.notes),
        notes_of=tuple(
            _once(note for p in parts for note in p.notes_on(network))
            for network in range(len(parts[0].clean))
        ),
        without_gradient=torch.cat([p.blind() for p in parts], 1),
    )


def _once(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))


class Tally:
    """Keeps the score of attacks on networks.

    An example found within one radius lies in the balls of all larger ones too, and perhaps in
    those of smaller ones.

    Attributes:
        models: frozen copies of the networks.
        norm: of the perturbations.
        radii: of the perturbations.
        first: the number of the first image in its data set.
        pixels: shape (N, channels, height, width), float32, the images attacked.
        labels: shape (N,), int64.
        order: indices of the radii from the smallest to the largest.
        logits: shape (models, N, classes), float32, without attack.
        clean: shape (models, N), bool: which images are classified correctly without attack.

    """

    def __init__(
        self,
        models: Sequence[nn.Module],
        images: Images,
        norm: Norm,
        radii: Sequence[ExactNumber],
        attacks: Sequence[str],
        *,
        nested: bool = True,
        first: int = 0,
        keep: int = 0,
        batch: int = 250,
    ) -> None:
        """Classify the images without attack.

        Args:
            models: what is attacked; evaluation mode is not required.
            images: N images, on the models' device.
            norm: of the perturbations.
            radii: of the perturbations.
            attacks: names of what will be run.
            nested: whether an example counts for all radii whose ball it lies in.
            first: the number of the first image in its data set, where only a part is given.
            keep: of how many images to keep examples, the first ones.
            batch: how many images are classified at a time.

        Raises:
            NoAnswerError: a network's logits are not finite.
            UserError: its output has another shape than (N, classes); or one image does not fit
                into the device's memory.

        """
        self.models = [frozen(model) for model in models]
        self.norm, self.radii, self.first = norm, tuple(radii), first
        self.pixels, self.labels = images.floats(), images.labels
        self.order = sorted(range(len(self.radii)), key=lambda r: level(self.radii[r]))
        self._attacks, self._nested, self._batch = tuple(attacks), nested, batch
        numbers = torch.arange(len(images), device=self.labels.device)
        logits = [self._classify(m, numbers, self.pixels) for m in range(len(self.models))]
        for m, output in enumerate(logits):
            _check_shape(output, len(images), images.classes)
            require_answers(output, first, network=m)
        self.logits = torch.stack(logits)
        self.clean = self.logits.argmax(2) == self.labels
        self._correct = self.clean[:, None].repeat(1, len(self.radii), 1)
        self._broken_by = torch.full_like(self._correct, -1, dtype=torch.int8)
        kept = self.pixels[:keep].cpu()
        self._examples = kept.repeat(len(self.models), len(self.radii), 1, 1, 1, 1)

    def radius(self, index: int) -> float:
        """Return a radius as a number."""
        return level(self.radii[index])

    def standing(
        self, radius: int, broken_at: int | None = None, among: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return which pairs of network and image no attack broke yet, networks ascending.

        Args:
            radius: index of the radius.
            broken_at: index of another radius, to leave out what stands there too.
            among: shape (models, N), bool: which pairs to look at; all by default.

        Returns:
            Indices of the networks and of the images, each of shape (P,).

        """
        chosen = self._correct[:, radius]
        if broken_at is not None:
            chosen = chosen & ~self._correct[:, broken_at]
        if among is not None:
            chosen = chosen & among
        owner, image = chosen.nonzero(as_tuple=True)
        return owner, image

    def record(
        self, attack: int, radius: int, owner: Tensor, image: Tensor, examples: Tensor
    ) -> Tensor:
        """Check examples that an attack found and count those that the networks get wrong.

        Each network classifies its examples anew. One that it gets right counts as not broken: by a
        margin that rounding explains, since batches of another size round differently.

        Args:
            attack: index of the attack.
            radius: index of the radius.
            owner: shape (B,), int64: indices of the networks.
            image: shape (B,), int64: indices of the images.
            examples: shape (B, channels, height, width), float32.

        Returns:
            Shape (B,), bool: which count.

        Raises:
            NoAnswerError: the logits of an example are not finite.
            RuntimeError: an example lies outside its ball by more than rounding explains, or
                outside [0, 1]; or a network gets it right by a larger margin than rounding has.

        """
        self._check_place(attack, radius, image, examples)
        counts = torch.zeros_like(owner, dtype=torch.bool)
        for m in owner.unique().tolist():
            rows = (owner == m).nonzero()[:, 0]
            logits = self._classify(m, image[rows], examples[rows])
            of = f"an example by {self._attacks[attack]} of test image"
            require_answers(logits, self.first, of, numbers=image[rows], network=m)
            counts[rows] = logits.argmax(1) != self.labels[image[rows]]
            self._check_class(attack, image[rows], logits)
        self._count(attack, radius, owner[counts], image[counts], examples[counts])
        return counts

    def result(
        self,
        engine: str,
        steps: int,
        notes: Sequence[str] = (),
        notes_of: Sequence[tuple[int, str]] = (),
        without_gradient: Tensor | None = None,
    ) -> Robust:
        """Return the score.

        Args:
            engine: what ran the attacks.
            steps: iterations of each gradient attack.
            notes: warnings about all networks.
            notes_of: warnings, each with the index of the network that it is about.
            without_gradient: as in :class:`Robust`; False everywhere by default.

        """
        if without_gradient is None:
            without_gradient = torch.zeros_like(self.clean)
        return Robust(
            norm=self.norm,
            radii=self.radii,
            correct=self._correct.cpu(),
            clean=self.clean.cpu(),
            broken_by=self._broken_by.cpu(),
            examples=self._examples,
            attacks=self._attacks,
            engine=engine,
            steps=steps,
            notes=_once((*notes, *(text for _, text in notes_of))),
            notes_of=tuple(
                _once((*notes, *(text for m, text in notes_of if m == network)))
                for network in range(len(self.models))
            ),
            without_gradient=without_gradient.cpu(),
        )

    def add_attack(self, title: str) -> int:
        """Add the name of an attack that will be run, too; return its index."""
        self._attacks = (*self._attacks, title)
        return len(self._attacks) - 1

    def _count(
        self, attack: int, radius: int, owner: Tensor, image: Tensor, examples: Tensor
    ) -> None:
        for r in self.order if self._nested else [radius]:
            new = self._correct[owner, r, image]
            if self.radius(r) < self.radius(radius):
                new &= self._excess(r, image, examples) <= self._allowance(r)
            o, i, x = owner[new], image[new], examples[new]
            self._correct[o, r, i] = False
            self._broken_by[o, r, i] = attack
            kept = i < self._examples.shape[2]
            self._examples[o[kept].cpu(), r, i[kept].cpu()] = x[kept].cpu()

    def _excess(self, radius: int, image: Tensor, examples: Tensor) -> Tensor:
        return balls.excess(examples, self.pixels[image], self.norm, self.radius(radius))

    def _allowance(self, radius: int) -> float:
        return balls.allowance(self.norm, self.radius(radius), self.pixels[0].numel())

    def _classify(self, model: int, image: Tensor, x: Tensor) -> Tensor:
        """Return a network's logits of ``x``, as many at a time as fit into memory."""
        found, start = [], 0
        while start < len(image):
            try:
                with torch.no_grad():
                    found.append(self.models[model](x[start : start + self._batch]))
            except torch.OutOfMemoryError:
                self._batch = halved(self._batch)
            else:
                start += len(found[-1])
        return torch.cat(found) if found else x.new_zeros(0, 1)

    def _check_place(self, attack: int, radius: int, image: Tensor, examples: Tensor) -> None:
        excess, allowed = self._excess(radius, image, examples), self._allowance(radius)
        # Written so that a value that is not a number is outside too.
        outside = ~(excess <= allowed)
        if outside.any():
            worst = int(outside.nonzero()[0])
            raise RuntimeError(
                f"{self._attacks[attack]} on image {self.first + int(image[worst])}: expected a "
                f"perturbation in the {self.norm} ball of radius {self.radii[radius]} and in "
                f"[0, 1], got one outside by {float(excess[worst])}, where rounding explains "
                f"{allowed}"
            )

    def _check_class(self, attack: int, image: Tensor, logits: Tensor) -> None:
        label = self.labels[image][:, None]
        others = logits.scatter(1, label, -torch.inf).amax(1)
        margin = logits.gather(1, label)[:, 0] - others
        right = margin > DISAGREEMENT * logits.abs().amax(1)
        if right.any():
            worst = int(right.nonzero()[0])
            raise RuntimeError(
                f"{self._attacks[attack]} on image {self.first + int(image[worst])}: expected the "
                f"network to misclassify what was found, got it right by {float(margin[worst])}"
            )


def _check_shape(logits: Tensor, images: int, classes: int) -> None:
    if not images:
        raise UserError("expected one image or more to attack, got none. Choose more test images.")
    if logits.shape != (images, classes):
        raise UserError(
            f"expected a network that maps {images} images to logits of shape "
            f"{(images, classes)}, got {tuple(logits.shape)}. Attack a network of this data set."
        )
