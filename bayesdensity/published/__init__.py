"""The published procedure (arXiv 2412.04315): point estimates of density, and least squares through running records."""

from bayesdensity.published.record_draws import record_rate
from bayesdensity.published.records import slope_of_records

__all__ = ["record_rate", "slope_of_records"]
