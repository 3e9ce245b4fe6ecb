"""
How fast does density grow?
===========================

A report needs one growth rate, and an editor asks how sure you are.

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# Fit the default study, or read the fit that an earlier example saved. Leave out ``draws`` and ``tune`` for a fit that
# you can cite.

from pathlib import Path

import bayesdensity as bd
from bayesdensity.plots.density import plot_density
from bayesdensity.plots.doubling import plot_doubling

study, kept = bd.load_study("densing-law"), Path("densing-law-quick.nc")
if kept.is_file():
    fit = bd.load_fit(kept, study)
else:
    fit = bd.fit(study, draws=500, tune=400)
    fit.save(kept)
print(f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}")

# %%
# The headline is the growth of the 0.95 quantile of density among releases, averaged over the window and given as a
# doubling time in months. A printed estimate states what it is.

rate = bd.rate(fit)
print(bd.doubling_time(rate))
print(f"P(density grew): {float(bd.probability_positive(rate)):.3f}")

# %%
# The typical release improved more slowly than the best, and both slow down. A number without estimand and window is
# uninformative.

print(bd.doubling_time(bd.rate(fit, estimand="mean")))
print(bd.doubling_time(bd.rate_at(fit, ["2023-07-01", "2024-07-01", "2025-07-01"])))
print(f"P(the pace slowed): {bd.probability_slowing(fit):.2f}")

# %%
# Draw each model: the ratio of effective to actual size, against the date of release.

density = plot_density(fit)

# %%
# Draw the same doubling times, over the window, by date and by benchmark.

doubling = plot_doubling(fit)
