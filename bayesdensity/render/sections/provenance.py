"""Where the numbers of a report come from: data and rows left out, versions, seed and command, works to cite."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import pandas as pd

from bayesdensity.cite import citations
from bayesdensity.data.cells import scores_of
from bayesdensity.data.selection import select
from bayesdensity.quantities import window
from bayesdensity.render.blocks import Block, Code, Paragraph, Section, Table
from bayesdensity.render.sections.study import left_out_table
from bayesdensity.render.sources import Source


def data(source: Source) -> Section:
    """What was used, and every row that was not, with its reason."""
    fit, (start, end) = source.fit, window(source.fit)
    used = (
        f"{fit.about['n_llms']} LLMs released from {start} to {end} with {fit.about['n_scores']} scores, those of the "
        f"reference included; {fit.about['n_runs']} rows of reference trainings. {fit.study.why}"
    )
    missing = "Rows left out are told where the tables of the fit are given: name them with --data."
    rest: Block = (
        Paragraph(missing, "note") if source.tables is None else left_out_table(select(fit.study, source.tables))
    )
    return Section("data", "Data, and rows left out", (Paragraph(used), _scores(source), rest))


def making(source: Source) -> Section:
    """Versions, digests, seed, command."""
    about, study = source.fit.about, source.fit.study
    facts = {
        "study": f"{study.name}, digest {study.digest}",
        "tables": f"digest {about['tables_digest']}",
        "sampler": f"{_pairs(about['sampler'])}, seed {about['seed']}",
        "time": ", ".join(f"{name} {seconds:.0f} s" for name, seconds in about["wall_seconds"].items()),
        "versions": _pairs(about["versions"]),
    }
    shown = pd.DataFrame(facts.items(), columns=["what", "value"])
    blocks: list[Block] = [Table("making", "What it takes to make the fit again.", shown)]
    command = command_of(about)
    if command:
        blocks.append(Code("command.sh", command, "sh"))
    elif about.get("command"):
        blocks.append(
            Paragraph("The command that this fit names is none that bayesdensity wrote; it is left out.", "note")
        )
    blocks.append(Code("study.json", study.model_dump_json(indent=2), "json"))
    return Section("making", "Versions, digest, seed and command", tuple(blocks))


def citing(source: Source) -> Section:
    """What to cite, as BibTeX."""
    return Section("citing", "To cite", (Code("references.bib", citations(source.fit), "bibtex"),))


def command_of(about: Mapping[str, Any]) -> str:
    """The command that made a fit; empty unless `bayesdensity` wrote it, quoted for a shell, on one line.

    A file of somebody else may name any command, and that of a report is there to be run.
    """
    command = str(about.get("command", ""))
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    ours = words[:2] == ["bayesdensity", "fit"] and command == shlex.join(words) and command.isprintable()
    return command if ours else ""


def _scores(source: Source) -> Table:
    data, scores = source.fit.data, scores_of(source.fit.data)
    harness = data["harness_name"].to_numpy()[scores.harness]
    rows = [
        {
            "benchmark": str(name),
            "scores": int((scores.benchmark == b).sum()),
            "LLMs": len(set(scores.cell[scores.benchmark == b])),
            "harnesses": len(set(harness[scores.benchmark == b])),
            "items": f"{data['n_items'].to_numpy()[b]:g}",
        }
        for b, name in enumerate(data["benchmark"].to_numpy())
    ]
    return Table("scores", "Scores used, by benchmark; the reference counts as LLMs here.", pd.DataFrame(rows))


def _pairs(facts: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
