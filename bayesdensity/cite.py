"""What to cite for a fit: BibTeX of exactly what it used, out of one table of references."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bayesdensity.inference.result import Fit
from bayesdensity.law.fitted import LawFit

REFERENCES = Path(__file__).parent / "data" / "references.bib"
KEYWORDS, VERSIONED = "keywords", "package "
SOUGHT = ("benchmark ", "family ", "suite ")
"""Topics that somebody else made, so that a fit without a reference for one says so."""
_ENTRY = re.compile(r"^@(\w+)\{(\S+),\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
_ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")


class Reference(NamedTuple):
    """One entry of the table."""

    kind: str
    key: str
    fields: dict[str, str]

    @property
    def topics(self) -> set[str]:
        """What it is cited for."""
        stated = {topic for topic in self.fields.get(KEYWORDS, "").split(", ") if topic}
        return stated | {f"law {self.fields['eprint']}"} if "eprint" in self.fields else stated

    def bibtex(self, **more: str) -> str:
        """The entry as BibTeX reads it, with more fields, without what it is cited for."""
        fields = {name: value for name, value in self.fields.items() if name != KEYWORDS} | more
        lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items()]
        return f"@{self.kind}{{{self.key},\n{''.join(lines)}}}"


@cache
def references() -> tuple[Reference, ...]:
    """Every reference of the table, in its order."""
    text = REFERENCES.read_text(encoding="utf-8")
    return tuple(Reference(kind, key, dict(_FIELD.findall(body))) for kind, key, body in _ENTRY.findall(text))


def citations(fit: Fit | LawFit) -> str:
    """BibTeX for exactly what a fit used.

    The package, the densing law, the source of the loss law, the distribution of the frontier, the benchmarks, the
    reference, the sampler and the checks, each only where the fit used it, and each under a line that says what for.

    Parameters
    ----------
    fit : Fit or LawFit

    Returns
    -------
    str
        Entries, arXiv preprints as ``@misc``. Benchmarks, families and suites without a reference here, such as those
        of one's own tables, are named in a comment at the end.

    Examples
    --------
    >>> print(citations(load_fit("densing-law.nc")))  # doctest: +SKIP
    >>> print(references()[1].bibtex())
    @misc{xiao2024densing,
      author = {Xiao, Chaojun and Cai, Jie and Zhao, Weilin and others},
      title = {Densing Law of {LLMs}},
      year = {2024},
      eprint = {2412.04315},
      archiveprefix = {arXiv},
    }
    """
    used = law_topics(fit) if isinstance(fit, LawFit) else topics(fit)
    versions, found, blocks = fit.about.get("versions", {}), set[str](), []
    for one in references():
        why = [topic for topic in used if topic in one.topics]
        if not why:
            continue
        found.update(why)
        # Which version of a program was used is not in its paper.
        names = [topic.removeprefix(VERSIONED) for topic in why if topic.startswith(VERSIONED)]
        note = {"note": f"version {versions[names[0]]} was used"} if names and names[0] in versions else {}
        blocks.append(f"{_comment(why)}\n{one.bibtex(**note)}")
    unknown = [topic for topic in used if topic.startswith(SOUGHT) and topic not in found]
    if unknown:
        blocks.append(f"% No reference is known here; cite by hand what is not your own.\n{_comment(unknown)}")
    return "\n\n".join(blocks)


def topics(fit: Fit) -> list[str]:
    """What a fit of a study used, in the words of the table."""
    study, joint = fit.study, fit.about.get("part") != "reference"
    reference = study.reference
    suites = [reference.suite, reference.trajectories] if reference.kind == "ladder" else []
    used = [*_packages(fit), *_laws(study.law.form.source), "coordinates of latent effects"]
    if joint:
        used += ["density", f"frontier {study.frontier.form}", f"inference {reference.inference}"]
        used += [f"family {name}" for name in reference.families]
    used += [f"suite {name}" for name in [*suites, *reference.loss_suites] if name]
    used += [f"benchmark {name}" for name in study.benchmarks]
    if "harness_name" in fit.data:
        used += sorted({f"harness {name}" for name in fit.data["harness_name"].to_numpy()})
    return [*used, "check convergence", *(f"check {one['name']}" for one in fit.about.get("checks", ()))]


def law_topics(fit: LawFit) -> list[str]:
    """What a fit of a law alone used."""
    names = [f"benchmark {name}" for name in fit.data["benchmark"].to_numpy()]
    return [*_packages(fit), *_laws(fit.study.form.source), f"suite {fit.about['suite']}", *names, "check convergence"]


def _packages(fit: Fit | LawFit) -> list[str]:
    """Programs whose versions the fit states, the sampler, and what holds its draws."""
    names = [f"{VERSIONED}{name}" for name in fit.about.get("versions", {})]
    return [f"{VERSIONED}bayesdensity", *names, *["sampler NUTS"] * (f"{VERSIONED}nutpie" in names), "package xarray"]


def _laws(source: str) -> list[str]:
    """The arXiv ids that a law names as its source."""
    return [f"law {eprint}" for eprint in _ARXIV.findall(source)]


def _comment(names: Iterable[str]) -> str:
    """A line between entries, which BibTeX passes over; an at sign or a new line would begin an entry."""
    shown = [topic if not topic.startswith("law ") else "loss law" for topic in dict.fromkeys(names)]
    return "% " + ", ".join(" ".join(topic.split()).replace("@", "(at)") for topic in shown)
