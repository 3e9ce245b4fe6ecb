"""The plate diagram of a study, taken from the graph of its PyMC model.

The model is sampled in data-informed coordinates (docs/model.md, "Geometry"): in PyMC's graph every latent effect
depends on what its data say of it, which is geometry and not the model. So the model is built here with a geometry that
leaves every effect as a free variable and keeps the density that its block states, for the graph alone.
What PyMC then says of plates and arrows is contracted to the variables that a reader knows, which `SHOWN` names. A
variable of the model that is neither shown nor contracted stops the build, so that the diagram cannot fall behind.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pymc as pm
import pytensor.tensor as pt
from pymc.model_graph import ModelGraph
from pytensor.graph.traversal import walk

from bayesdensity.base.prior import Prior
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables
from bayesdensity.model.build import build_model
from bayesdensity.model.coordinates import Plain
from bayesdensity.study.spec import Study

SHOWN = {
    "rate": "rate",
    "curvature": "curvature",
    "rate_change": "change of rate",
    "dispersion_growth": "growth of\ndispersion",
    "family_asymmetry": "asymmetry\nof families",
    "asymmetry_growth": "growth of\nasymmetry",
    "family_scale": "family\nscale",
    "noise_scale": "symmetric\nscale",
    "inefficiency_scale": "inefficiency\nscale",
    "family_effect": "family effect",
    "log_density_relative": "ln density",
    "log_size": "size",
    "slope_spread": "spread of\nslopes",
    "benchmark_slope": "slope in time",
    "level_spread": "spread of\nlevels",
    "level": "level",
    "cell_scatter": "scatter",
    "cell_departure": "ln effective size",
    "recipe_residual": "recipe\nscale",
    "recipe": "recipe residual",
    "reference_log_size": "size",
    "size_exponent_population": "population of\nsize exponents",
    "link": "link: level,\nslope, exponent",
    "link_slopes": "population\nof slopes",
    "beyond": "misfit beyond\nthe largest",
    "ceiling": "ceiling",
    "harness_scale": "harness scale",
    "harness_effect": "harness effect",
    "overdispersion": "overdispersion",
    "scores": "score",
    "suite_law": "loss law",
    "loss_noise": "loss noise",
    "suite_loss": "loss",
    "law": "loss law",
    "law_misfit": "miss of\nthe law",
    "law_miss": "miss beyond\nthe ladder",
    "run_loss": "loss of\nthe ladder",
    "map": "map from loss\nto score",
    "map_scatter": "scatter of trainings",
    "map_overdispersion": "overdispersion\nof the ladder",
    "map_departure": "departure",
    "map_score": "score of\nthe ladder",
}
"""By name in the diagram: what it is called there."""
MERGED = {
    "size_exponent_population": ("log_size_exponent", "size_exponent_spread"),
    "link": (
        *("link_level", "link_slope", "link_exponent", "link_contrast", "log_link_slope_contrast", "size_exponent"),
        *("link_largest", "link_stretch"),
    ),
    "link_slopes": ("log_link_slope", "link_slope_spread"),
    "ceiling": ("ceiling", "ceiling_gap"),
    "suite_law": ("suite_log_loss_centre", "suite_size_elasticity"),
    "law": (
        *("log_loss_centre", "logit_irreducible_share", "size_elasticity"),
        *("law_log_loss_centre", "law_share_irreducible", "law_share_size", "law_size_exponent", "law_data_exponent"),
    ),
    "map": ("map_logit", "map_logit_below_one", "map_slope", "log_map_slope"),
}
"""By name in the diagram: variables of the model that are one thing to a reader."""
OF_THE_LAW = ("logit_size_share", "data_elasticity")
"""Coordinates of a loss law: that of the loss-only suites of a family, or that of a ladder."""
UNSEEN = (
    *("score_value", "score_keep", "score_share", "score_beyond", "beyond_score"),
    *("suite_loss_observed", "run_loss_observed", "map_observed"),
)
LINEARISED = tuple(
    f"{one}_{part}" for one in ("cell", "harness", "training") for part in ("value", "log_above", "weight")
)
STATED = (
    *("latent", "law_latent", "map_latent", "map_slope_prior", "beyond_prior", "scores_beyond"),
    *("origin", "link_centre", "link_position", "link_spread"),
)
DROPPED = {*STATED, *UNSEEN, *LINEARISED}
"""Not drawn: where the axis begins, where a prior is stated, observed values beside what observes them, and what the
coordinates alone read."""
THROUGH_LINK = {(one, "scores") for one in ("link_slopes", "law", "law_miss", "map", "level", "beyond")}
"""Drawn through the link, which the graph of PyMC knows as a result only."""
RESTATED = {("ceiling", "link"), ("ceiling", "map"), ("harness_effect", "link")}
"""Not drawn: level and slope of a link are stated for a ceiling of 1, and at the mean logit of the targets after the
mean effect of their harnesses."""
PLATES = {
    "llm": "LLMs",
    "family": "families",
    "benchmark": "benchmarks",
    "cell": "LLMs and members\nof the reference\non benchmarks",
    "score": "scores",
    "harness": "harnesses\non benchmarks",
    "reference": "members of\nthe reference",
    "suite": "loss-only suites",
    "loss": "trainings",
    "run": "trainings of the ladder\non benchmarks",
    "training": "trainings\non benchmarks",
    "map": "losses with scores",
}
INSIDE = {"score": "cell", "map": "training"}
"""A plate that lies within another."""
FONT = 'fontname="Helvetica,Arial,sans-serif", fontsize=11'
OWN_PLATE = {"suite_loss": "loss", "run_loss": "run", "map_score": "map"}
SIZED_BY = {"loss": "suite_run"}
"""What has no dimension of its own in the model."""


@dataclass
class Diagram:
    """Nodes with their plates, and arrows."""

    kinds: dict[str, str] = field(default_factory=dict)
    plates: dict[str, str | None] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)


class Stated(Plain):
    """Latent effects as free variables, and the densities that the blocks state of them."""

    def __init__(self) -> None:
        self.terms: dict[str, Any] = {}
        self.inputs: list[Any] = []

    def effect(self, name: str, dims: str, mean: Any, precision: Any, *, zero_sum: bool = False) -> tuple[Any, Any]:
        """A free variable, and no Jacobian."""
        return pm.Flat(name, dims=dims), pt.as_tensor(0.0)

    def stated(self, name: str, logp: Any, *inputs: Any) -> Any:
        """Nothing for the graph of PyMC: the term is kept here."""
        self.terms[name] = logp
        self.inputs += inputs
        return pt.as_tensor(0.0)


class Watched:
    """A study that tells of which priors the numbers are read."""

    def __init__(self, study: Study) -> None:
        self.study, self.read = study, set[str]()

    def __getattr__(self, name: str) -> Any:
        """All else of the study."""
        return getattr(self.study, name)

    @property
    def priors(self) -> Watched:
        """Priors by name."""
        return self

    def __getitem__(self, name: str) -> _Seen:
        """One prior."""
        return _Seen(name, self.study.priors[name], self.read)


class _Seen:
    """A prior that tells when its numbers are read."""

    def __init__(self, name: str, prior: Prior, read: set[str]) -> None:
        self.name, self.prior, self.read = name, prior, read

    def __getattr__(self, part: str) -> Any:
        self.read.add(self.name)
        return getattr(self.prior, part)


def priors_read(study: Study) -> set[str]:
    """Names of the priors whose numbers the model of a study reads."""
    return _opened(study)[-1]


def _opened(study: Study) -> tuple[pm.Model, Any, Stated, set[str]]:
    data = assemble(study, select(study, read_tables()))
    geometry, watched = Stated(), Watched(study)
    return build_model(watched, data, geometry), data, geometry, watched.read


def diagram(study: Study) -> Diagram:
    """The variables of a study that a reader knows, with their plates and arrows."""
    model, data, geometry, _ = _opened(study)
    parents = {name: set(above) for name, above in ModelGraph(model).make_compute_graph().items()}
    for name, term in geometry.terms.items():
        parents[name] |= set(_names(term, parents)) - {name}
    within = {one for term in geometry.inputs for one in _names(term, parents)}
    parents["cell_departure"] |= within
    parents["scores"] -= within
    return _contracted(parents, model, data)


def reference_part(whole: Diagram) -> Diagram:
    """Of a diagram, what the link rests on, and the scores that are read off it."""
    kept, new = {"scores", "cell_departure"}, {"link", "run_loss", "map_score", "suite_loss"} & set(whole.kinds)
    while new:
        kept |= new
        new = {one for one, other in whole.edges if other in new} - kept
    return Diagram(
        {name: kind for name, kind in whole.kinds.items() if name in kept},
        {name: plate for name, plate in whole.plates.items() if name in kept},
        whole.sizes,
        {edge for edge in whole.edges if kept.issuperset(edge)},
    )


def _names(variable: Any, known: Iterable[str]) -> list[str]:
    """Names of the variables that a term is made of, in the order of the model, and not of what these depend on."""
    if not hasattr(variable, "owner"):
        return []
    names = set(known)

    def above(one: Any) -> list[Any]:
        return [] if one.owner is None or one.name in names else one.owner.inputs

    found = {one.name for one in walk([variable], above)}
    return [name for name in known if name in found]


def _contracted(parents: dict[str, set[str]], model: pm.Model, data: Any) -> Diagram:
    """The same graph between the variables that a reader knows."""
    parts = {part: whole for whole, several in MERGED.items() for part in several}
    parts |= dict.fromkeys(OF_THE_LAW, "law" if "law_miss" in parents else "suite_law")
    drawn = {name: parts.get(name, name) for name in parents if name not in DROPPED}
    unknown = sorted({whole for whole in drawn.values()} - set(SHOWN))
    if unknown:
        raise ValueError(f"docs/_ext/model_graph.py knows nothing of {', '.join(unknown)}: show, merge or drop them")
    lengths = {data.sizes[dim]: dim for dim in ("llm", "reference")}
    found = Diagram()
    for name, whole in drawn.items():
        variable = model[name]
        kind = "observed" if variable in model.observed_RVs else "data" if variable in model.data_vars else "latent"
        dims = model.named_vars_to_dims.get(name) or ()
        if kind == "data":
            dims = (lengths[variable.get_value().size],)
        found.kinds[whole] = kind
        found.plates[whole] = OWN_PLATE.get(whole) or (dims[0] if dims else None)
        for above in parents[name]:
            one = "link" if (drawn.get(above), whole) in THROUGH_LINK else drawn.get(above)
            if one is not None and one != whole and (one, whole) not in RESTATED:
                found.edges.add((one, whole))
    found.sizes = {plate: data.sizes[SIZED_BY.get(plate, plate)] for plate in found.plates.values() if plate}
    return found


def dot(found: Diagram) -> str:
    """The diagram in the language of Graphviz."""
    lines = [
        "digraph {",
        f'  graph [rankdir=LR, ranksep=0.28, nodesep=0.08, {FONT}, bgcolor="transparent"];',
        f'  node [{FONT}, margin="0.06,0.03", height=0.3, style=filled];',
        '  edge [arrowsize=0.6, color="#555555"];',
    ]
    for plate in [None, *PLATES]:
        names = [name for name in SHOWN if found.plates.get(name, "") == plate]
        if not names or plate in INSIDE:
            continue
        nodes = [_node(name, found.kinds[name]) for name in names]
        if plate is None:
            lines += [f"  {node}" for node in nodes]
            continue
        inner = [f"  {line}" for one, outer in INSIDE.items() if outer == plate for line in _plate(found, one)]
        lines += [f"  {line}" for line in _plate(found, plate, inner)]
    lines += [f'  "{one}" -> "{other}";' for one, other in sorted(found.edges)]
    return "\n".join([*lines, "}"])


def _plate(found: Diagram, plate: str, inner: Iterable[str] = ()) -> list[str]:
    nodes = [f"  {_node(name, found.kinds[name])}" for name in SHOWN if found.plates.get(name, "") == plate]
    alone = plate == "cell" and "reference" not in found.plates.values()  # a ladder has no members
    title = "LLMs on benchmarks" if alone else PLATES[plate]
    head = [
        f"subgraph cluster_{plate} {{",
        f'  label="{_label(title)} ({found.sizes[plate]})";',
        '  labelloc=t; labeljust=l; style=rounded; color="#888888";',
    ]
    return [*head, *nodes, *inner, "}"]


def _node(name: str, kind: str) -> str:
    shape = {"data": "box", "observed": "ellipse", "latent": "ellipse"}[kind]
    fill = "#ffffff" if kind == "latent" else "#d9d9d9"
    return f'"{name}" [label="{_label(SHOWN[name])}", shape={shape}, fillcolor="{fill}"];'


def _label(text: str) -> str:
    return text.replace("\n", "\\n")


def svg(source: str) -> str | None:
    """The picture of a diagram; None where Graphviz is not installed."""
    program = shutil.which("dot")
    if program is None:
        return None
    done = subprocess.run([program, "-Tsvg"], input=source, capture_output=True, text=True, check=True)
    return done.stdout[done.stdout.index("<svg") :]
