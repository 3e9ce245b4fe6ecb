"""Columns of a table: those that are missing, those that go by another name, and what stands in for the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import pandas as pd

from bayesdensity.data.faults import Fault, fault_of_file, quoted, visible
from bayesdensity.data.names import key
from bayesdensity.data.schemas import SCHEMAS

PUBLIC_NAMES = {
    "llm": "model modelname models modelid name llmname system checkpoint",
    "params_total": "modelsize params parameters size nparams numparams paramcount totalparams paramsb n",
    "params": "modelsize params parameters size nparams numparams paramcount paramsb n",
    "train_tokens": "trainingtokens tokens tokenstrained ntokens numtokens pretrainingtokens",
    "tokens": "trainingtokens traintokens tokenstrained ntokens numtokens data datasize d",
    "flops": "flop trainingflop trainingflops trainflops trainflop trainingcompute",
    "loss": "finalloss trainloss trainingloss valloss evalloss validationloss testloss crossentropy",
    "score": "accuracy acc value result performance",
    "benchmark": "task taskname dataset eval evaluation bench benchmarkname",
    "release_date": "date releasedate released release publicationdate launchdate",
    "provider": "vendor host seller",
    "price_from": "pricedate date seen effectivedate",
    "usd_per_mtok_input": "inputprice priceinput inputcost promptprice",
    "usd_per_mtok_output": "outputprice priceoutput outputcost completionprice",
    "shots": "nshot nshots numfewshot fewshot numshots",
    "n_items": "items size nquestions numquestions questions",
    "chance": "random randombaseline baseline chancelevel",
}
"""What others call a column, in small letters alone."""


def needed_columns(name: str) -> list[str]:
    """Columns that a table must have."""
    return [column for column, spec in SCHEMAS[name].columns.items() if spec.required]


def missing_columns(name: str, header: Sequence[str], absent: Sequence[str], needed: Iterable[str]) -> str:
    """The sentence about all columns that are missing: what is needed, and what to rename or rearrange.

    Parameters
    ----------
    name : str
        Of the table.
    header : sequence of str
        Columns that it has.
    absent : sequence of str
        Columns that it lacks.
    needed : iterable of str
        Columns that it must have.
    """
    s = "s" if len(absent) > 1 else ""
    parts = [f"has no column{s} {quoted(list(absent), len(absent))}; it needs {', '.join(needed)}."]
    more = ["flops"] if name == "reference_runs" and "flops" not in header else []
    renamed = renames(name, header, [*absent, *more])
    if renamed:
        parts.append(f"Rename {', '.join(f"'{visible(old)}' to {new}" for old, new in renamed.items())}.")
    wide = _benchmarks_among(header) if name == "scores" and {"benchmark", "score"} & set(absent) else []
    if wide:
        verb = "is a benchmark" if len(wide) == 1 else "are benchmarks"
        parts.append(f"{quoted(wide)} {verb}: write one row for each llm and benchmark, with llm, benchmark and score.")
    found = {*header, *renamed.values()}
    if name == "reference_runs" and "tokens" in set(absent) - found and "flops" in found:
        parts.append("If tokens are not known, they are flops / 6 / params.")
    if not renamed and not wide and len(absent) > 1:
        parts.append(f"It has {quoted(list(header), 8)}.")
    return " ".join(parts)


def renames(name: str, header: Sequence[str], absent: Iterable[str]) -> dict[str, str]:
    """Columns of other names, and what each seems to be of the absent ones.

    Parameters
    ----------
    name : str
        Of the table.
    header : sequence of str
        Columns that it has.
    absent : sequence of str
        Columns that it lacks.
    """
    free = [column for column in header if column not in SCHEMAS[name].columns]
    found: dict[str, str] = {}
    for wanted in absent:
        names = [_letters(wanted), *PUBLIC_NAMES.get(wanted, "").split()]
        left = [column for column in free if column not in found]
        same = sorted((names.index(_letters(column)), column) for column in left if _letters(column) in names)
        close = get_close_matches(wanted, [column.lower() for column in left], n=1, cutoff=0.8)
        slips = [column for column in left if column.lower() in close]
        if same or slips:
            found[same[0][1] if same else slips[0]] = wanted
    return found


def _letters(column: str) -> str:
    return re.sub("[^a-z0-9]", "", key(column))


def _benchmarks_among(header: Iterable[str]) -> list[str]:
    """Columns that are called like a bundled benchmark."""
    from bayesdensity.data.tables import BUNDLED

    known = {_letters(name) for name in pd.read_csv(BUNDLED / "benchmarks.csv", usecols=["benchmark"])["benchmark"]}
    return [column for column in header if _letters(column) in known]


def completed(name: str, raw: pd.DataFrame, unneeded: Iterable[str] = ()) -> tuple[pd.DataFrame, set[str], list[Fault]]:
    """Fill up the documented columns, as text; also give the required columns that are missing.

    Parameters
    ----------
    name : str
        Of the table.
    raw : pandas.DataFrame
        Its cells as text, by line.
    unneeded : iterable of str
        Required columns that need not be there.
    """
    columns = SCHEMAS[name].columns
    needed = [column for column in needed_columns(name) if column not in set(unneeded)]
    missing = [column for column in needed if column not in raw]
    header = list(raw.columns)
    faults = [fault_of_file(name, missing_columns(name, header, missing, needed))] if missing else []
    renamed = renames(name, header, missing)
    optional = [column for column in columns if column not in raw and column not in needed]
    # An unknown column is the user's own business, unless it looks like a slip that would cost them a default.
    for column, meant in _slips(name, [column for column in header if column not in renamed], optional).items():
        faults.append(fault_of_file(name, f"has an unknown column '{visible(column)}'; did you mean '{meant}'?"))
    for column in header:
        if column not in columns and key(column) in raw and key(column) in columns:
            faults.append(fault_of_file(name, f"has columns '{key(column)}' and '{visible(column)}'; delete one"))
    # What more is known of LLMs may be a covariate of a study.
    further = [column for column in header if name == "llms" and column not in columns and column not in renamed]
    full = raw.reindex(columns=[*columns, *further], fill_value="")
    full.index.name = "row"
    for column, spec in columns.items():
        if spec.like or spec.default:
            full[column] = full[column].where(full[column] != "", full[spec.like] if spec.like else spec.default)
        if spec.words:  # spreadsheets write TRUE
            lower = full[column].str.lower().replace(dict(spec.spellings))
            full[column] = full[column].mask(lower.isin(spec.words), lower)
    return full, set(missing), faults


def _slips(name: str, header: Sequence[str], optional: Sequence[str]) -> dict[str, str]:
    """Columns that are called almost like an absent one, or as others call it."""
    known = SCHEMAS[name].columns
    found = {}
    for column in header:
        if column in known:
            continue
        meant = [name for name in optional if _letters(column) in (_letters(name), *PUBLIC_NAMES.get(name, "").split())]
        if close := meant or get_close_matches(column.lower(), optional, n=1, cutoff=0.8):
            found[column] = close[0]
    return found
