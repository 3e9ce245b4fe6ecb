"""
Which choices matter?
=====================

"You would have found something else with active parameters", says a reviewer. Make the choices otherwise, one at a
time, and look. ``bayesdensity sensitivity densing-law`` does it for 35 variants; here are three.

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# A grid names axes of choices. This takes two of the axes that come with the package, and three choices on them.

from pathlib import Path

import bayesdensity as bd
from bayesdensity.plots.sensitivity import plot_specifications, plot_tornado
from bayesdensity.sensitivity.answers import answer_of
from bayesdensity.sensitivity.effects import summarise
from bayesdensity.sensitivity.grid import load_grid, multiverse

study, kept = bd.load_study("densing-law"), Path("densing-law-quick.nc")
universe = multiverse(study, load_grid("standard", ["parameters", "dispersion"]))
variants = [one for one in universe.variants if "inferred" not in one.key]
for variant in variants:
    print(f"{variant.key:32s} study {variant.digest}")

# %%
# The study as it is, read from the file that an earlier example kept or fitted here.

if kept.is_file():
    fit = bd.load_fit(kept, study)
else:
    fit = bd.fit(study, draws=500, tune=400)
    fit.save(kept)
answers = {"default": answer_of(fit)}

# %%
# Fit the others. Sizes are data to the compiled model, so that the ways to count them share one (``like``); another
# form of the frontier is compiled anew.

prepared = None
for variant in variants[1:]:
    prepared = bd.prepare(variant.study, like=prepared)
    fit = bd.sample(prepared, draws=300, tune=300)
    answers[variant.key] = answer_of(fit)
    print(f"{variant.key:32s} {fit.diagnostics.verdict}: {fit.diagnostics.sentence}")

# %%
# Doubling time of the frontier, in months, of every variant.

found = summarise(universe, answers, {}, {})
print(found.specifications[["median", "lower", "upper", "max_rhat"]].round(2).to_string())

# %%
# Each variant with its choices beneath.

curve = plot_specifications(found)

# %%
# How far each choice alone moves the answer.

tornado = plot_tornado(found)
