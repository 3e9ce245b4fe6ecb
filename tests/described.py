"""What the command line prints of something: its section as JSON, and as text."""

from __future__ import annotations

from typing import Any

from bayesdensity.base.jsonable import jsonable
from bayesdensity.render.text import to_text


def json_of(section: Any, *subject: Any) -> Any:
    """What ``--json`` gives, as it is read."""
    return jsonable(section.data(*subject))


def text_of(section: Any, *subject: Any) -> str:
    """What a reader sees."""
    return to_text(section.blocks(*subject))


def unbroken(text: str) -> str:
    """Text without its line breaks and columns."""
    return " ".join(text.split())
