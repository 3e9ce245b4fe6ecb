"""
A loss law alone
================

Before a law measures anything, it should be able to stand alone. The 240 published runs of Chinchilla: exponents, the
loss of a training that nobody ran, and how to divide compute.

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# Runs of your own take the place of the name: a CSV file with ``params``, ``tokens`` and ``loss``.

import bayesdensity as bd
from bayesdensity.law.answer import answer
from bayesdensity.plots.law import plot_allocation, plot_law

runs = bd.read_runs("chinchilla", bd.read_tables())
fit = bd.fit_law(bd.law_study("chinchilla"), runs, draws=500, tune=400)
print(f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}")

# %%
# L = E + A N\ :sup:`-alpha` + B D\ :sup:`-beta`: the natural parameters with their intervals.

for name, estimate in bd.natural_parameters(fit).items():
    print(f"{name:6s} {estimate.to_frame().round(3).to_string(header=False, index=False)}")

# %%
# The loss of 7 billion parameters on 2 trillion tokens. What the law may miss beyond its runs is part of the
# interval.

print(bd.predict(fit, {"params": [7e9], "tokens": [2e12]}).loss)

# %%
# How to divide 1e24 operations, and how the optimal size grows with compute.

best = bd.allocate(fit, [1e24])
print(best.params)
print(best.tokens)

# %%
# Everything at once, with the checks that come before any number, and two figures.

found = answer(fit, runs, compute=[1e22, 1e23, 1e24])
for check in found.checks:
    print(f"{check.verdict:6s} {check.name}: {check.sentence}")
losses = plot_law(found)

# %%
# The law beside two ways to find the optimum that need no law.

sizes = plot_allocation(found)
