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
# # From a claim to a verdict
#
# A claim is a formula with hypotheses. It is *proved* for all values of its symbols, *refuted* by
# exact numbers, or stays *unknown*. This notebook defines nothing: it imports and shows.

# %%
import sympy as sp

import theory
from theory import always, claim
from theory.claims import claims_named
from theory.model.dynamics import NormalisedState, normalised_step
from theory.ledger.display import explain
from theory.ledger.verify import settle_claim

# %% [markdown]
# ## One step of signGD
#
# In units that remove $\tilde\sigma_0^2$ and $\eta$, population signGD (4.15) for $d = 3$ is a map of
# three numbers: $a$ and $b$ are the errors $A$ and $B$, and $c$ is the error at the irrelevant
# frequency. $r = \tilde\sigma_1^2 / \tilde\sigma_0^2$ is the only parameter.

# %%
a, b, c = sp.symbols("a b c", real=True)
r = sp.Symbol("r", positive=True)
image = normalised_step(NormalisedState(a, b, c), r)
sp.Matrix(image)

# %% [markdown]
# ## A formula
#
# Hypotheses first, then the conclusion. That $|A|$ stays within $\tilde\sigma_0^2 \eta$ holds for all
# $a$, $b$ and $r$; that a step brings $A$ closer to 0 does not, and the numbers say where.

# %%
stays = theory.settle(abs(a) <= 1, abs(image.a) <= 1)
print(stays.status, "-", stays.explanation)

# %%
nears = theory.settle(a > 0, abs(image.a) < a)
print(nears.status, "-", nears.explanation)

# %% [markdown]
# The certificate of a proof is a file that any SMT solver can read; a counterexample is re-evaluated
# in exact arithmetic before it counts, and can be checked by hand.

# %%
(proof,) = stays.findings.values()
print(proof.certificate["smtlib"])

# %%
(counterexample,) = nears.findings.values()
counterexample.at

# %%
image.a.subs({symbol: value.to_sympy() for symbol, value in counterexample.at.items()})

# %% [markdown]
# ## A statement about whole orbits
#
# `always` argues by induction: the region is entered, and a step does not leave it.

# %%
orbit = claim(
    "stays",
    always({a: image.a, b: image.b}, abs(a) <= 1, abs(a) <= sp.Rational(1, 2)),
    says="Once |A| is within one step, it stays there.",
)
verdict = settle_claim(orbit)
print(verdict.status)

# %% [markdown]
# ## A published claim
#
# Every display and every quantitative sentence of the analysis is a claim with an id. After (4.19)
# the text says that GD is always more robust than signGD. That needs a condition: the entry has
# numbers to check, and the condition, for small learning rates.

# %%
(published,) = claims_named("4.19-always.1")
print(published.says)

# %%
remark = settle_claim(published)
print("\n".join(explain(remark, files={}, folder="")))
