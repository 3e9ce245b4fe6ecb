"""Formulas as MathML, made when the pages are built: no script, no font and no TeX are needed to read them."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

SPACED = {
    "<mi>ln</mi>": '<mi>ln</mi><mspace width="0.17em" />',
    "<mi>&#x0007E;</mi>": "<mo>&#x0223C;</mo>",
}
"""What the converter sets too tightly: the name of a function before its argument, and a relation."""


def _mathml(tex: str, display: str) -> str:
    made = convert(tex, display=display)
    for given, wanted in SPACED.items():
        made = made.replace(given, wanted)
    return made


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    tex = node.astext()
    if r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    writer.body.append(f'<div class="math-block">{_mathml(tex, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer; `html_math_renderer = "mathml"` chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
