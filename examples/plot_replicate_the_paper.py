"""
Does the published number replicate?
====================================

The densing law (`arXiv 2412.04315 <https://arxiv.org/abs/2412.04315>`_) claims 3.3 to 3.5 months, without an
interval. Run its procedure on our tables, bootstrap it, and set it beside what the posterior says on the same
windows.

.. note:: Draws and replicates are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# Fit the default study, or read the fit that an earlier example kept.

from pathlib import Path

import bayesdensity as bd
from bayesdensity.plots.paper import plot_paper
from bayesdensity.published.replication import compare
from bayesdensity.render.sections import published
from bayesdensity.render.text import to_text

study, tables, kept = bd.load_study("densing-law"), bd.read_tables(), Path("densing-law-quick.nc")
if kept.is_file():
    fit = bd.load_fit(kept, study)
else:
    fit = bd.fit(study, tables, draws=500, tune=400)
    fit.save(kept)

# %%
# Point estimates of effective sizes, running records, least squares, and a bootstrap of families and of the
# reference: then the same rules applied to draws of the posterior, and the model itself. On the command line:
# ``bayesdensity paper``.

comparison = compare(study, tables, fit, replicates=100)
print(to_text(published.blocks(comparison)))

# %%
# The line through records is faster than the frontier of the model in every window. Part of this is no fact about
# language models: the best of many keeps rising even where nothing grows.

figure = plot_paper(comparison)
