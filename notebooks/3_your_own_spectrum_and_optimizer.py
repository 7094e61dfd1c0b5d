# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exploring: a spectrum and an optimizer of your own
#
# The theory is proved for $d = 3$ and signGD. Here linear regression is run in any dimension, with any
# spectrum and any update rule. What comes out is an observation, with its seeds and spread; it proves
# nothing. This notebook defines nothing: it imports and shows.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import optax

from simulations.engine.rules import KINDS, update_rule
from simulations.engine.spectrum import (
    Irrelevant,
    Normal,
    PowerLaw,
    Regression,
    Variances,
    measured,
)
from simulations.engine.train import train
from theory.common.files import write_json
from theory.common.figure import BLACK, BLUE, GREEN, ORANGE, PINK, VERMILION

# %% [markdown]
# ## A problem
#
# Variances fall like $1/k$, as those of natural images do; the upper half of the frequencies carries
# no energy, so that they are irrelevant. Targets are random at the relevant ones, and initial weights
# small and random at all.

# %%
d, seeds = 64, range(32)
problem = Regression(
    PowerLaw(d, alpha=1.0),
    Irrelevant.highest(d // 2, d),
    target=Normal(1.0),
    start=Normal(0.01),
)
runs = problem.runs(seeds)
runs.sigma_tilde_sq.round(3)

# %% [markdown]
# ## Some rules
#
# Options are named as in PyTorch; a rule refuses an option that it does not use.

# %%
print(", ".join(KINDS))

# %%
rules = {
    "GD": update_rule("GD", 0.5),
    "signGD": update_rule("signGD", 0.001),
    "Adam": update_rule("Adam", 0.001),
    "Adam, long memory": update_rule("Adam", 0.001, beta1=0.99, beta2=0.9999),
    "Lion": update_rule("Lion", 0.001),
}

# %% [markdown]
# A rule of your own is an `(init, update)` pair as optax has them: from one run's gradient in space
# to the change of its weights. Here is Yogi, which is not in the list.

# %%
rules["Yogi, our own"] = optax.chain(optax.scale_by_yogi(), optax.scale_by_learning_rate(0.001))

# %% [markdown]
# ## What they end with
#
# The ratio of adversarial risks, each rule's over GD's, seed by seed. The standard risk tells whether
# a rule is near a minimizer at all.

# %%
outcomes = {name: train(runs, rule, iterations=20_000) for name, rule in rules.items()}
adversarial = {name: o.adversarial_risk(epsilon=1.0)[:, -1] for name, o in outcomes.items()}
for name, outcome in outcomes.items():
    low, middle, high = np.quantile(adversarial[name] / adversarial["GD"], [0.05, 0.5, 0.95])
    risk = np.median(outcome.standard_risk()[:, -1])
    print(f"{name:18} ratio {middle:.3f} ({low:.3f} to {high:.3f}), standard risk {risk:.1e}")

# %% [markdown]
# ## Where the weights moved
#
# Mean squared change of the weights, frequency by frequency. GD leaves the irrelevant ones where they
# were (a change of 0 is drawn at $10^{-12}$); rules that act on each coordinate in space move them.

# %%
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
colours = (BLACK, ORANGE, BLUE, GREEN, VERMILION, PINK)
for (name, outcome), colour in zip(outcomes.items(), colours, strict=True):
    moved = ((outcome.w_tilde[:, -1] - runs.w0_tilde) ** 2).mean(axis=0)
    axes.semilogy(np.arange(d), np.maximum(moved, 1e-12), label=name, color=colour)
axes.axvspan(d // 2 - 0.5, d - 0.5, color="0.9", label="irrelevant")
axes.set(xlabel="frequency $k$", ylabel=r"mean squared change of $\tilde w_k$")
axes.legend(fontsize="small")
plt.show()

# %% [markdown]
# ## A spectrum of your own
#
# Variances may be any numbers, lowest frequency first. Those of a data set are read from a file, which
# `python -m nn_experiments data NAME --energy FILE.json` writes; the one written here stands for it.

# %%
file = Path("results/notebooks/energy.json")
write_json(file, {"data_set": "a bump", "energy": 1 / (1 + (np.arange(16) - 4) ** 2 / 4)})
given = {"given": Variances((1.0, 0.5, 0.5, 0.1, 0.0, 0.0)), "measured": measured(file)}

# %%
for name, spectrum in given.items():
    own = Regression(spectrum, Irrelevant.highest(2, spectrum.d), start=Normal(0.1)).runs(seeds)
    ends = {rule: train(own, rules[rule], iterations=5_000) for rule in ("GD", "Yogi, our own")}
    gd, yogi = (end.adversarial_risk(epsilon=1.0)[:, -1] for end in ends.values())
    low, middle, high = np.quantile(yogi / gd, [0.05, 0.5, 0.95])
    print(f"{name:9} Yogi over GD {middle:.3f} ({low:.3f} to {high:.3f})")
