"""Where the truth of a simulated world comes from: a posterior, or what is believed before any target is seen."""

from __future__ import annotations

from bayesdensity.data.masks import without_targets
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared
from bayesdensity.inference.result import Fit

DRAWS, TUNE = 1000, 500


def reference_only(prepared: Prepared, seed: int = 1) -> Fit:
    """Draws given the reference alone: its law, links and harnesses as its scores have them, all else from the prior.

    Worlds simulated from these draws, with the real scores of the reference beside them, make simulation-based
    calibration exact, although some priors are stated where the data lie: given the reference, what a fit finds in
    such a world and what is true there are draws of one distribution (arXiv 2502.03279).
    """
    return sample(prepared, without_targets(prepared.whole), draws=DRAWS, tune=TUNE, seed=seed)
