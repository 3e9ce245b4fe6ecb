"""Every public name of the package has its place in the API page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

import bayesdensity


def check(app: Sphinx) -> None:
    """Warn of public names that docs/api.md lacks; warnings are errors in the checks."""
    listed = set(re.findall(r"^ {3,}([\w.]+)$", Path(app.srcdir, "api.md").read_text(encoding="utf-8"), re.M))
    wanted = set(bayesdensity.__all__) - {"__version__"}
    for name in sorted(wanted - listed):
        logging.getLogger(__name__).warning("docs/api.md does not list the public name %s", name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Check when the build starts."""
    app.connect("builder-inited", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
