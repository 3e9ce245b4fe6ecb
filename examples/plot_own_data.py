"""
A score table of your own
=========================

You measured seven models on two benchmarks. How dense are they, and does density grow? Two small tables and a short
study are enough to find out, but do not expect more than fourteen scores can tell.

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# The first table lists the models. The members of one family are the yardstick in whose parameters sizes are counted.

import sys
from pathlib import Path

import bayesdensity as bd
from bayesdensity.checks import checked, checks_of
from bayesdensity.plots.density import plot_density

folder = Path(sys.argv[0]).parent / "own-scores"  # beside this script
print((folder / "tables" / "llms.csv").read_text())

# %%
# The second table lists their scores, as fractions.

print((folder / "tables" / "scores.csv").read_text())

# %%
# The study states what to infer: the default study, with these benchmarks instead of its five.

print((folder / "mine.toml").read_text())

# %%
# Reading the tables lists all faults of all files, with their rows. There are none here.

tables = bd.read_tables(folder / "tables")
study = bd.load_study(folder / "mine.toml")
chosen = bd.select(study, tables)
print(f"{len(chosen.llms)} targets, {len(chosen.scores)} scores, yardstick: {', '.join(chosen.reference_llms.index)}")

# %%
# Fit, and read the checks before any number.

fit = checked(bd.fit(study, tables, draws=500, tune=400))
for check in checks_of(fit):
    print(f"{check.verdict:6s} {check.name}: {check.sentence}")

# %%
# Print the density of each model: the size of a Qwen1.5 model with the same scores, divided by its own size.

print(bd.density(fit).to_frame().round(2).to_string())

# %%
# Print the growth of density. Four targets tell little about the rate: compare it with the prior (90 % from -0.7 to 2.7
# a year).

print(bd.rate(fit, estimand="mean"))
print(bd.doubling_time(bd.rate(fit, estimand="mean")))
figure = plot_density(fit)
