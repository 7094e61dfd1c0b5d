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
# # Figure 4.7, step by step
#
# GD, signGD, Adam and RMSProp on over-parameterized linear regression in three dimensions, of which
# one frequency is irrelevant: what theory says about it, and what the simulation does. This notebook
# defines nothing: it imports and shows.

# %%
from pathlib import Path

import sympy as sp
from IPython.display import Image

from simulations.studies.figure_4_7.draw import draw, write_figure
from simulations.studies.figure_4_7.experiment import exact_theory, run_experiment
from simulations.studies.figure_4_7.settings import Settings
from theory.model.limit import A_and_B, adversarial_risk_ratio, gd_limit, signgd_limit

# %% [markdown]
# ## The problem, in exact numbers
#
# The published settings; any of them can be changed here, as numbers or as text such as `1/4` or
# `sqrt(2)`.

# %%
settings = Settings(seeds=4)
problem = settings.problem()
problem

# %% [markdown]
# The initial errors of the two relevant frequencies act on signGD through two combinations, $A$ and
# $B$ of section 4.4.2.

# %%
A, B = A_and_B(problem, problem.e0_tilde)
print("A(0) =", A, "=", sp.N(A, 5))
print("B(0) =", B, "=", sp.N(B, 5))

# %% [markdown]
# ## Where GD and signGD end
#
# GD brings the errors of relevant frequencies to zero and leaves $\tilde w_2$ where it is. SignGD
# moves $\tilde w_2$ by $\Delta \tilde w_2$ within the first $T$ iterations, and then goes around a
# limit cycle: all in closed form.

# %%
print("GD ends with the error", gd_limit(problem))

# %%
orbit = signgd_limit(problem)
print("T =", orbit.T)
print("steps that move the irrelevant weight:", orbit.count)
print("the weight's change:", orbit.delta_w2.to_sympy(), "=", sp.N(orbit.delta_w2.to_sympy(), 6))

# %% [markdown]
# The ratio of the adversarial risks, signGD's over GD's: greater than 1 where GD is more robust.

# %%
ratio = adversarial_risk_ratio(problem)
print(sp.N(ratio, 8))

# %% [markdown]
# ## The simulation
#
# All four optimizers on the same minibatches of 1,000 inputs, drawn from the gradient's exact law.

# %%
experiment = run_experiment(settings)
for name, risk in experiment.adversarial_risk.items():
    print(f"{name:8} adversarial risk at the end {risk[:, -1].mean():.4f}")

# %%
figure = draw(experiment, exact_theory(problem))
png, *_ = write_figure(figure, Path("results/notebooks"))
Image(png)

# %% [markdown]
# ## Change something
#
# From $\tilde w_2(0) \neq 0$ signGD can move $\tilde w_2$ towards zero, and may then be more robust.

# %%
start = (*settings.w0_tilde[:2], "3")
print(sp.N(adversarial_risk_ratio(Settings(w0_tilde=start).problem()), 8))
