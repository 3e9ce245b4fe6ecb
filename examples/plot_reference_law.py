"""
A loss law alone
================

Before a law is used to measure models, it should be examined alone. From the 240 published runs of Chinchilla, this
example infers the exponents, predicts the loss of a run that nobody made, and divides compute optimally.

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# To use your own runs, replace the name by a CSV file with ``params``, ``tokens`` and ``loss``.

import bayesdensity as bd
from bayesdensity.law.answer import answer
from bayesdensity.plots.law import plot_allocation, plot_law

runs = bd.read_runs("chinchilla", bd.read_tables())
fit = bd.fit_law(bd.law_study("chinchilla"), runs, draws=500, tune=400)
print(f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}")

# %%
# The law is L = E + A N\ :sup:`-alpha` + B D\ :sup:`-beta`. These are its natural parameters with their intervals.

for name, estimate in bd.natural_parameters(fit).items():
    print(f"{name:6s} {estimate.to_frame().round(3).to_string(header=False, index=False)}")

# %%
# Predict the loss of 7 billion parameters on 2 trillion tokens. The interval includes the misfit of the law beyond its
# runs.

print(bd.predict(fit, {"params": [7e9], "tokens": [2e12]}).loss)

# %%
# Find the best way to divide 1e24 operations.

best = bd.allocate(fit, [1e24])
print(best.params)
print(best.tokens)

# %%
# Compute everything at once, with the checks that should be read before any number, and two figures.

found = answer(fit, runs, compute=[1e22, 1e23, 1e24])
for check in found.checks:
    print(f"{check.verdict:6s} {check.name}: {check.sentence}")
losses = plot_law(found)

# %%
# Compare the law with two approaches to the optimum that need no law.

sizes = plot_allocation(found)
