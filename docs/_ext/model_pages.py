"""Directives that show what is in the code: the plate diagram of a study, priors of the studies, and loss laws."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import model_graph
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging

from bayesdensity.data.variables import ATTRS, DIMS, variables_table
from bayesdensity.laws import LAWS
from bayesdensity.study.load import load_study, study_names
from bayesdensity.study.spec import Priors

DEFAULT = "densing-law"
logger = logging.getLogger(__name__)


class PlateDiagram(Directive):
    """The variables of a study from the graph of its PyMC model, or with `reference` those that its link rests on."""

    required_arguments = 1
    option_spec: ClassVar = {"reference": directives.flag}

    def run(self) -> list[nodes.Node]:
        """The picture, or a sentence where it cannot be drawn."""
        study = load_study(self.arguments[0])
        diagram = model_graph.diagram(study)
        if "reference" in self.options:
            diagram = model_graph.reference_part(diagram)
        picture = model_graph.svg(model_graph.dot(diagram))
        if picture is None:
            logger.info("Graphviz is not installed: no plate diagram")
            return [nodes.paragraph(text="The diagram is drawn where Graphviz (the program dot) is installed.")]
        label = f"Plate diagram of the model of {study.name}"
        return [nodes.raw("", f'<div class="plates" role="img" aria-label="{label}">{picture}</div>', format="html")]


class _Table(Directive):
    """A table in Markdown that the code makes."""

    source: ClassVar[str]

    def lines(self) -> list[str]:
        """Its rows."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """The table, and what stands about it."""
        node = nodes.container()
        self.state.nested_parse(StringList(self.lines(), source=self.source), self.content_offset, node)
        return node.children


class PriorTable(_Table):
    """Every prior: what the default study states, who uses it, and where other studies differ."""

    source = "models"

    def lines(self) -> list[str]:
        """A table, and a sentence or a table for the other studies."""
        return _prior_lines()


class LawTable(_Table):
    """Every loss law: its name, formula and source."""

    source = "bayesdensity/laws/loss"

    def lines(self) -> list[str]:
        """One row for each."""
        rows = [(f"`{law.name}`", law.title, law.formula, law.source) for law in LAWS.values()]
        lines = ["| `--law` | what it is | formula | source |", "|---|---|---|---|"]
        return lines + ["| " + " | ".join(row).replace("^", r"\^").replace("*", r"\*") + " |" for row in rows]


class DatasetTable(_Table):
    """Every variable of the joined dataset."""

    source = "bayesdensity/data/variables.py"

    def lines(self) -> list[str]:
        """Dims, then variables, then attributes."""
        dims = [f"| `{name}` | {meaning} |" for name, meaning in DIMS.items()]
        attrs = [f"| `{name}` | {meaning} |" for name, meaning in ATTRS.items()]
        return [
            *("| dim | counts |", "|---|---|", *dims, ""),
            *(variables_table().replace("^", r"\^").splitlines()),
            *("", "| attribute | meaning |", "|---|---|", *attrs),
        ]


@cache
def _prior_lines() -> list[str]:
    studies = {name: load_study(name) for name in study_names()}
    readers: dict[str, list[str]] = {name: [] for name in Priors.model_fields}
    for name, study in studies.items():
        for prior in model_graph.priors_read(study):
            readers[prior].append(name)
    lines = ["| prior | 90 % interval | why | read by |", "|---|---|---|---|"]
    for prior, used in readers.items():
        lines.append(_row(f"`{prior}`", studies[DEFAULT].priors[prior], _readers(used, list(studies))))
    changed = [
        _row(f"`{prior}` in `{name}`", study.priors[prior], studies[DEFAULT].priors[prior].why)
        for name, study in studies.items()
        for prior in Priors.model_fields
        if study.priors[prior] != studies[DEFAULT].priors[prior]
    ]
    if changed:
        head = ["| prior | 90 % interval | why | in the default |", "|---|---|---|---|"]
        return [*lines, "", "Studies that state others:", "", *head, *changed]
    others = ", ".join(f"`{name}`" for name in studies if name != DEFAULT)
    return [*lines, "", f"The other studies ({others}) state the same."]


def _row(name: str, prior: Any, last: str) -> str:
    lower, upper = prior.interval
    return f"| {name} | {prior.shape}, {lower:g} to {upper:g} | {prior.why} | {last} |".replace("^", r"\^")


def _readers(used: list[str], names: list[str]) -> str:
    """Who reads a prior, in few words."""
    others = [name for name in names if name not in used]
    if not others:
        return "all"
    if len(others) < len(used):
        return f"all but {', '.join(others)}"
    return ", ".join(used) or "variants only"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("plate-diagram", PlateDiagram)
    app.add_directive("prior-table", PriorTable)
    app.add_directive("law-table", LawTable)
    app.add_directive("dataset-table", DatasetTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
