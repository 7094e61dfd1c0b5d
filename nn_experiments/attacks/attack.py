"""Robust accuracy by AutoAttack, or by its two APGD attacks alone."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from nn_experiments.attacks import batched, masking, reference
from nn_experiments.attacks.apgd import Settings
from nn_experiments.attacks.tally import Progress, Robust, Tally
from nn_experiments.data.images import Images
from nn_experiments.specs import ExactNumber, Norm, RobustnessSpec


def _silent(share: float, doing: str) -> None:
    del share, doing


def attack(
    models: Sequence[nn.Module],
    images: Images,
    norm: Norm,
    radii: Sequence[ExactNumber],
    spec: RobustnessSpec,
    seed: int,
    progress: Progress = _silent,
    *,
    first: int = 0,
    keep: int = 0,
) -> Robust:
    """Attack images by the attacks and the engine of a spec.

    Images may be attacked in chunks, each given with the number of its ``first`` image, and the
    results put together with :func:`tally.joined`. By the batched engine the result does not
    depend on the chunks (but for rounding); by the reference engine it does not if chunks begin at
    multiples of :data:`reference.BATCH`. FAB-T and Square are always the reference engine's.

    The reference engine attacks each radius anew. The batched engine, and FAB-T and Square after
    it, attack at a radius only what stood at all smaller ones, since what was found there lies in
    the larger balls too. With ``spec.largest_first`` they begin at the largest radius, and what
    stood there counts as standing at smaller ones, without being attacked there. That is nearly as
    much faster as there are radii. It loses what an attack would find in a small ball but missed in
    a larger one: accuracies can only come out larger, and the engine's name says so.

    Where a network has no gradient (:mod:`~nn_experiments.attacks.masking`) Square attacks, too, if
    the spec's attacks are without it.

    Args:
        models: what is attacked: maps from float images in [0, 1] to logits, shape (N, classes),
            used in evaluation mode and not changed.
        images: N images, on the models' device.
        norm: of the perturbations.
        radii: R radii, in any order.
        spec: its ``attacks``, its ``engine`` and ``largest_first``.
        seed: of all random numbers.
        progress: is told how far the work has come.
        first: the number of the first image in its data set, where only a part is given.
        keep: of how many images to return adversarial examples, the first ones.

    Returns:
        Correctness of shape (models, R, N), and what it came from.

    Raises:
        UserError: a network does not fit the images, or its logits are not finite; images are too
            small for an attack; or one image does not fit into the device's memory.
        RuntimeError: an attack left its ball. That is a mistake of this program.

    """
    ours = spec.engine == "batched"
    attacks = batched.ATTACKS if ours else reference.apgd_attacks(images.classes)
    if spec.attacks == "autoattack":
        attacks = (*attacks, "FAB-T", "Square")
    by_reference = [name for name in attacks if not (ours and name in batched.ATTACKS)]
    tally = Tally(models, images, norm, radii, attacks, nested=ours, first=first, keep=keep)
    notes = batched.notes(images.classes) if ours else []
    notes_of: list[tuple[int, str]] = []
    blind = masking.without_gradient(tally, seed)
    square = None
    if "Square" not in attacks and blind.any() and reference.square_fits(tally):
        square = tally.add_attack("Square")
    shares = _Shares(progress, len(radii) * (ours + len(by_reference) + (square is not None)))
    order = tally.order[::-1] if spec.largest_first else tally.order
    for place, radius in enumerate(order):
        larger = order[place - 1] if spec.largest_first and place else None
        title = f"{norm} {radii[radius]}"
        if ours:
            batched.break_images(tally, radius, seed, shares.next(title), broken_at=larger)
        for name in by_reference:
            index, share = attacks.index(name), shares.next(title)
            notes_of += reference.break_images(tally, radius, index, name, seed, share, larger)
        if square is not None:
            share = shares.next(title)
            notes_of += reference.break_images(
                tally, radius, square, "Square", seed, share, larger, blind
            )
    return tally.result(_engine(spec), Settings().steps, notes, notes_of, blind)


def _engine(spec: RobustnessSpec) -> str:
    if spec.engine == "reference":
        return reference.name()
    ours = batched.NAME + (", largest radius first" if spec.largest_first else "")
    if spec.attacks == "apgd":
        return ours
    return f"{ours}; FAB-T and Square: {reference.name()}"


class _Shares:
    """Puts the progress of parts of equal size into that of the whole."""

    def __init__(self, progress: Progress, parts: int) -> None:
        self._progress, self._done, self._parts = progress, 0, parts

    def next(self, title: str) -> Progress:
        """Return what the next part reports to."""
        done, self._done = self._done, self._done + 1

        def report(share: float, doing: str) -> None:
            self._progress((done + share) / self._parts, f"{title} {doing}".strip())

        return report
