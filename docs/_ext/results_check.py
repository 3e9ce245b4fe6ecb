"""The build warns of numbers that are stale or missing; warnings are errors in the checks."""

from __future__ import annotations

from typing import Any

import results_text
from sphinx.application import Sphinx
from sphinx.util import logging


def check(app: Sphinx) -> None:
    """Compare every page with `docs/results`."""
    for path in results_text.pages():
        for fault in results_text.faults(path):
            logging.getLogger(__name__).warning("%s", fault)


def setup(app: Sphinx) -> dict[str, Any]:
    """Check when the build starts."""
    app.connect("builder-inited", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
