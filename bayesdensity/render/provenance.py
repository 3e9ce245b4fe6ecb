"""Where the numbers of a report come from: data and rows left out, priors and reasons, versions, works to cite."""

from __future__ import annotations

import pandas as pd

from bayesdensity.cite import citations
from bayesdensity.data.cells import scores_of
from bayesdensity.data.selection import select
from bayesdensity.describe.study import before_data
from bayesdensity.describe.words import interval_text
from bayesdensity.quantities import doubling_time, window
from bayesdensity.render.blocks import Block, Code, Paragraph, Section, Table
from bayesdensity.render.sources import Source


def data(source: Source) -> Section:
    """What was used, and every row that was not, with its reason."""
    fit = source.fit
    start, end = window(fit)
    said = (
        f"{fit.about['n_llms']} LLMs released from {start} to {end} with {fit.about['n_scores']} scores, those of the "
        f"reference included; {fit.about['n_runs']} rows of reference trainings. {fit.study.why}"
    )
    blocks: list[Block] = [Paragraph(said), _scores(source)]
    if source.tables is None:
        told = "Rows left out are told where the tables of the fit are given: name them with --data."
        return Section("data", "Data, and rows left out", (*blocks, Paragraph(told, "note")))
    selection = select(fit.study, source.tables)
    counts = selection.left_out_counts()
    caption = (
        f"The {len(selection.left_out)} rows of the tables that the study does not use, by the first rule that struck."
    )
    blocks.append(Table("left-out", caption, counts, selection.left_out))
    return Section("data", "Data, and rows left out", tuple(blocks))


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


def priors(source: Source) -> Section:
    """Every prior as an interval with its reason, and what all of them say before data."""
    study, ci = source.fit.study, source.ci
    _, before = before_data(study, source.fit.data, ci)
    implied = "; ".join(f"{name} {interval_text(doubling_time(one).to_frame_row())}" for name, one in before.items())
    said = f"Before any data these priors say, in months to double over the window ({ci:.0%} interval): {implied}."
    table = [(name, study.priors[name]) for name in type(study.priors).model_fields]
    shown = pd.DataFrame(
        {
            "prior": [name for name, _ in table],
            "shape": [one.shape for _, one in table],
            "central 90% interval": [f"{one.interval[0]:g} to {one.interval[1]:g}" for _, one in table],
            "why": [one.why for _, one in table],
        }
    )
    return Section("priors", "Priors and their reasons", (Paragraph(said), Table("priors", "Priors.", shown)))


def making(source: Source) -> Section:
    """Versions, digests, seed, command."""
    about, study = source.fit.about, source.fit.study
    sampler = ", ".join(f"{name} {value}" for name, value in about["sampler"].items())
    facts = {
        "study": f"{study.name}, digest {study.digest}",
        "tables": f"digest {about['tables_digest']}",
        "sampler": f"{sampler}, seed {about['seed']}",
        "time": ", ".join(f"{name} {seconds:.0f} s" for name, seconds in about["wall_seconds"].items()),
        "versions": ", ".join(f"{name} {version}" for name, version in about["versions"].items()),
    }
    shown = pd.DataFrame({"what": list(facts), "value": list(facts.values())})
    blocks: list[Block] = [Table("making", "What it takes to make the fit again.", shown)]
    if "command" in about:
        blocks.append(Code("command.sh", about["command"], "sh"))
    blocks.append(Code("study.json", study.model_dump_json(indent=2), "json"))
    return Section("making", "Versions, digest, seed and command", tuple(blocks))


def citing(source: Source) -> Section:
    """What to cite, as BibTeX."""
    return Section("citing", "To cite", (Code("references.bib", citations(source.fit), "bibtex"),))
