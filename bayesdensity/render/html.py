"""A report as one HTML file that needs nothing else: styles, scripts and figures stand inside."""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from bayesdensity.plots.files import rendered
from bayesdensity.render.blocks import Report, Verdicts

PARTS = files("bayesdensity.render") / "page"
"""Template, style and scripts."""
SCRIPTS = ("page.js", "forecast.js")


def to_html(report: Report) -> str:
    """The whole page; every text that comes from a study or a table is escaped."""
    css, js = Markup(_part("page.css")), Markup("\n".join(map(_part, SCRIPTS)))
    return str(_template().render(report=report, css=css, js=js))


@cache
def _template() -> Any:
    # Whatever the name of the file: all that is put in is escaped.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"embedded": _embedded, "as_json": _as_json, "kind": lambda block: type(block).__name__}
    environment.filters["laid_out"] = lambda block: block.table if isinstance(block, Verdicts) else block
    return environment.from_string(_part("page.html.jinja"))


def _part(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


def _embedded(figure: Any) -> str:
    """A figure as the address of an image."""
    return "data:image/svg+xml;base64," + base64.b64encode(rendered(figure, "svg")).decode()


def _as_json(data: Any) -> Markup:
    """JSON that may stand in a script element: no text of it can end the element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
