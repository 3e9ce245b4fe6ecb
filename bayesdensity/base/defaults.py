"""How long the sampler runs unless it is told otherwise, on the command line and in Python alike."""

CHAINS, DRAWS, TUNE = 4, 1500, 500
"""Chains, draws kept in each, and draws discarded before them."""
QUICK_DRAWS = 500
"""Draws of a first look."""
