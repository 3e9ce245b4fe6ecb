"""Links that work on the repository's pages and here: files outside of docs/ that have a page here are led to it."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

PAGES = {
    "../CONTRIBUTING.md": "contributing.md",
    "../CHANGELOG.md": "changelog.md",
    "../README.md": "index.md",
    "../bayesdensity/data/README.md": "tables.md",
    "../examples/README.md": "auto_examples/index.rst",
}
"""By what a page in docs/ links to: the page here."""
LINK = re.compile(r"\]\((?P<up>(?:\.\./)*)(?P<to>\.\./[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def lead(app: Sphinx, name: str, source: list[str]) -> None:
    """Rewrite the links of one page."""
    deep = name.count("/")

    def replaced(link: re.Match[str]) -> str:
        if link["up"] != "../" * deep or link["to"] not in PAGES:
            return link[0]
        return f"]({'../' * deep}{PAGES[link['to']]}{link['anchor'] or ''})"

    source[0] = LINK.sub(replaced, source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Read every page through `lead`."""
    app.connect("source-read", lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
