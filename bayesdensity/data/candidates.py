"""Who could be in a study and who is: the rule on the number of benchmarks leaves it to labs who enters."""

from __future__ import annotations

import pandas as pd

from bayesdensity.data.selection import Selection, too_few_benchmarks
from bayesdensity.data.tables import Tables
from bayesdensity.study.spec import Study

ALL = "all"
"""Half-year, or type of lab, of rows that count all of them."""


def entering(study: Study, tables: Tables, selection: Selection) -> pd.DataFrame:
    """How many candidates enter a study, by half-year of release and by type of lab.

    Candidates are LLMs that pass every rule but the number of benchmarks.

    Parameters
    ----------
    study : Study
    tables : Tables
    selection : Selection
        What `bayesdensity.data.selection.select` makes of them.

    Returns
    -------
    pandas.DataFrame
        ``half_year``, ``lab_type``, ``used``, ``candidates``: one row per group that has candidates; "all" counts every
        half-year, or every type.

    Examples
    --------
    >>> from bayesdensity.data.selection import select
    >>> from bayesdensity.data.tables import read_tables
    >>> from bayesdensity.study.load import load_study
    >>> study, tables = load_study("densing-law"), read_tables()
    >>> entering(study, tables, select(study, tables)).columns.to_list()
    ['half_year', 'lab_type', 'used', 'candidates']
    """
    out = selection.left_out
    thin = out.loc[(out["table"] == "llms") & (out["reason"] == too_few_benchmarks(study)), "what"]
    llms = tables.llms[tables.llms["llm"].isin([*selection.llms.index, *thin])]
    released = llms["release_date"].dt
    half_year = released.year.astype(str) + " H" + (1 + (released.quarter > 2)).astype(str)
    one = pd.DataFrame(
        {"half_year": half_year, "lab_type": llms["lab_type"], "used": llms["llm"].isin(selection.llms.index)}
    )
    every = pd.concat(
        [one, one.assign(half_year=ALL), one.assign(lab_type=ALL), one.assign(half_year=ALL, lab_type=ALL)]
    )
    return every.groupby(["half_year", "lab_type"])["used"].agg(used="sum", candidates="size").reset_index()
