"""The published procedure (arXiv 2412.04315): point estimates of density, and least squares through running records."""

from bayesdensity.paper_mode.posterior import record_rate
from bayesdensity.paper_mode.records import slope_of_records

__all__ = ["record_rate", "slope_of_records"]
