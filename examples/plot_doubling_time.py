"""
How fast does density grow?
===========================

A report needs one growth rate, and an editor asks: how sure are you?

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# Fit the default study, or read the fit that an earlier example kept. Without ``draws`` and ``tune`` it is the one
# for citing.

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
# The headline: growth of the 0.95 quantile of density among releases, averaged over the window, as a doubling time in
# months. An estimate says what it is.

rate = bd.rate(fit)
print(bd.doubling_time(rate))
print(f"P(density grew): {float(bd.probability_positive(rate)):.3f}")

# %%
# The typical release moved more slowly than the best, and both slow down: a number without estimand and window says
# little.

print(bd.doubling_time(bd.rate(fit, estimand="mean")))
print(bd.doubling_time(bd.rate_at(fit, ["2023-07-01", "2024-07-01", "2025-07-01"])))
print(f"P(the pace slowed): {bd.probability_slowing(fit):.2f}")

# %%
# Where each model stands: effective over actual size against the date of release.

density = plot_density(fit)

# %%
# The same doubling times as a figure, over the window, by date and by benchmark.

doubling = plot_doubling(fit)
