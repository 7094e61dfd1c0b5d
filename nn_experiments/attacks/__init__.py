"""Perturbed images that change what a network says: Gaussian noise and adversarial attacks.

:mod:`noise` adds Gaussian noise. :func:`attack.attack` runs AutoAttack, or its two APGD attacks
alone, by either of two engines: :mod:`reference` is the published implementation's fork,
:mod:`batched` is this package's own, for the two APGD attacks. :mod:`gradient` has FGSM and PGD for
quick looks. Whatever an attack finds, :class:`tally.Tally` checks before it counts.
"""
