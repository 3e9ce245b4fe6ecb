"""
Which choices matter?
=====================

"You would have found something else with active parameters", writes a reviewer. Change the choices one at a time and
see what happens. ``bayesdensity sensitivity densing-law`` does this for 35 variants; this example does it for three.

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# A grid has axes of choices. This example uses two of the axes that come with the package, with three choices.

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
# Read the default study from the file that an earlier example saved, or fit it here.

if kept.is_file():
    fit = bd.load_fit(kept, study)
else:
    fit = bd.fit(study, draws=500, tune=400)
    fit.save(kept)
answers = {"default": answer_of(fit)}

# %%
# Fit the others. Sizes are data of the compiled model, so the ways to count them share one compiled model (``like``).
# Another form of the frontier is compiled anew.

prepared = None
for variant in variants[1:]:
    prepared = bd.prepare(variant.study, like=prepared)
    fit = bd.sample(prepared, draws=300, tune=300)
    answers[variant.key] = answer_of(fit)
    print(f"{variant.key:32s} {fit.diagnostics.verdict}: {fit.diagnostics.sentence}")

# %%
# Print the doubling time of the frontier in months for every variant.

found = summarise(universe, answers, {}, {})
print(found.specifications[["median", "lower", "upper", "max_rhat"]].round(2).to_string())

# %%
# Draw each variant, with its choices below.

curve = plot_specifications(found)

# %%
# Draw how far each choice alone moves the answer.

tornado = plot_tornado(found)
