"""Bayesian inference of the capability density of large language models and of how fast it grows.

Public names stand in `__init__.pyi`, with the modules they live in. They are imported on first use, so that
`import bayesdensity` stays fast: PyMC alone takes seconds.
"""

from lazy_loader import attach_stub

__version__ = "0.1.0"

__getattr__, _names, _all = attach_stub(__name__, __file__)
__all__ = [*_all, "__version__"]


def __dir__() -> list[str]:
    return [*_names(), "__version__"]
