"""From data and model to a fit: compile, sample, judge convergence, keep."""
