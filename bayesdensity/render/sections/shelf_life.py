"""Shelf life: months until a share of the size of an LLM is as able, who was first, and the published examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.base.format import chance, density, interval, months, size
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import DEFAULT_CI, Estimate, params, window
from bayesdensity.quantities.ahead import HORIZON
from bayesdensity.quantities.examples import examples
from bayesdensity.quantities.forecast import Of
from bayesdensity.quantities.shelf_lives import (
    SHARE,
    first_successor,
    matched_by,
    shelf_life,
    shelf_life_by_benchmark,
    successors,
)
from bayesdensity.render.blocks import Block, Paragraph, Table

NEXT = 12
"""Rows of the table of successors, those most likely as able."""
WHOSE: dict[Of, str] = {
    "frontier": "the frontier",
    "typical": "the typical release",
    "best": "some release of the fit",
}
ALL = "all benchmarks"


def data(
    fit: Fit,
    llm: str,
    share: float = SHARE,
    of: Of = "frontier",
    ci: float = DEFAULT_CI,
    by: Sequence[str] = (),
) -> dict[str, Any]:
    """The shelf life of an LLM in the documented form.

    Parameters
    ----------
    fit : Fit
    llm : str
    share : float
        Of its size.
    of : {"frontier", "typical", "best"}
    ci : float
        Probability of the intervals.
    by : sequence of str
        ISO dates; the last release of the fit is one in any case.
    """
    life, each = shelf_life(fit, llm, share, of, ci), shelf_life_by_benchmark(fit, llm, share, of, ci)
    first = first_successor(fit, llm, share)
    return {
        "study": fit.study.name,
        "llm": llm,
        "release_date": _released(fit, llm),
        "params": params(fit).sel(llm=llm),
        "share": share,
        "of": of,
        "what": life.what,
        "shelf_life_months": life,
        "probability_already": _already(life),
        "probability_by": {day: float(matched_by(fit, llm, life, day)) for day in _days(fit, by)},
        "benchmarks": each,
        "first_successor": None if first is None else {"llm": str(first.name), **first.to_dict()},
        "successors": successors(fit, llm, share).reset_index(),
    }


def blocks(
    fit: Fit,
    llm: str,
    share: float = SHARE,
    of: Of = "frontier",
    ci: float = DEFAULT_CI,
    by: Sequence[str] = (),
) -> list[Block]:
    """The shelf life of an LLM for a reader.

    Parameters
    ----------
    fit, llm, share, of, ci
        As for `data`.
    by : sequence of str
        ISO dates.
    """
    life, each = shelf_life(fit, llm, share, of, ci), shelf_life_by_benchmark(fit, llm, share, of, ci)
    days = _days(fit, by)
    known = size(float(params(fit).sel(llm=llm).summary["median"]))
    answer = (
        f"{llm} ({known} parameters, released {_released(fit, llm)}): {_sentence(life, share, of, ci)} "
        f"P(by {days[-1]}) {chance(float(matched_by(fit, llm, life, days[-1])))}."
    )
    names = [ALL, *map(str, each.draws["benchmark"].to_numpy())]
    lives = [life, *(each.sel(benchmark=name) for name in names[1:])]
    by_date = [[float(matched_by(fit, llm, one, day)) for day in days] for one in lives]
    shown = pd.DataFrame(
        {
            "on": names,
            "months": [written(one) for one in lives],
            "P(already)": [f"{_already(one):.2f}" for one in lives],
            **{f"P(by {day})": [f"{row[k]:.2f}" for row in by_date] for k, day in enumerate(days)},
        }
    )
    caption = (
        f"Months from the release of {llm} until a model of {_size(share)} is as able, by {WHOSE[of]}: median "
        f"[{ci:.0%} interval]; already: it was when it was released."
    )
    return [Paragraph(answer, "answer"), Table("shelf-life", caption, shown), *_successors(fit, llm, share)]


def written(life: Estimate) -> str:
    """Months with their interval; already, where they are none, and never, where they are infinite."""
    row = life.to_frame_row()
    return "already" if row["upper"] == 0 else interval(row)


def examples_data(fit: Fit, of: Of = "frontier", ci: float = DEFAULT_CI) -> dict[str, Any]:
    """The published examples in the documented form.

    Parameters
    ----------
    fit, of, ci
        As for `data`.
    """
    rows = [
        {
            "claim": one.claim,
            "published_months": one.published_months,
            "ours_months": one.ours,
            "probability_within": one.probability,
            "source": one.source,
        }
        for one in examples(fit, of, ci)
    ]
    return {"study": fit.study.name, "of": of, "examples": rows}


def examples_blocks(fit: Fit, of: Of = "frontier", ci: float = DEFAULT_CI) -> list[Block]:
    """The published examples for a reader.

    Parameters
    ----------
    fit, of, ci
        As for `data`.
    """
    found = examples(fit, of, ci)
    if not found:
        return [Paragraph(f"The fit of '{fit.study.name}' has no LLM and no benchmark of the published examples.")]
    shown = pd.DataFrame(
        {
            "claim": [one.claim for one in found],
            "published": [months(one.published_months) for one in found],
            "ours": [written(one.ours) for one in found],
            "P(no longer)": [f"{one.probability:.2f}" for one in found],
            "source": [one.source for one in found],
        }
    )
    whose = "the first release of the fit" if of == "best" else WHOSE[of]
    caption = (
        "Published examples: months from the larger model to the smaller one. Ours: until a model of that size is as "
        f"able, by {whose}: median [{ci:.0%} interval]. P(no longer): that it takes no longer than published."
    )
    return [Table("examples", caption, shown)]


def _sentence(life: Estimate, share: float, of: Of, ci: float) -> str:
    what, row = f"a model of {_size(share)}", life.to_frame_row()
    if row["upper"] == 0:
        return f"{what} was as able already when it was released, by {WHOSE[of]}."
    if row["lower"] == np.inf:
        until = "up to the last release of the fit" if of == "best" else f"within {HORIZON:g} years of the last release"
        return f"{what} is as able never, {until}, by {WHOSE[of]}."
    return f"{what} is as able after {interval(row)} months ({ci:.0%} interval), by {WHOSE[of]}."


def _successors(fit: Fit, llm: str, share: float) -> list[Block]:
    """The first release that is likely as able, and those that are likeliest."""
    first, every = first_successor(fit, llm, share), successors(fit, llm, share)
    if first is None:
        told = f"No release of the fit of at most {_size(share)} is more likely as able than not: not yet."
    else:
        told = (
            f"The first release of at most {_size(share)} that is more likely as able than not is {first.name} "
            f"({size(first['params'])}), after {months(first['months'])} months; P {chance(first['probability'])}."
        )
    likely = every[every["probability"] >= 0.01]
    if likely.empty:
        return [Paragraph(told)]
    likely = likely.nlargest(NEXT, "probability").sort_values("months", kind="stable")
    shown = pd.DataFrame(
        {
            "LLM": likely.index,
            "released": likely["release_date"].to_numpy(),
            "parameters": [size(value) for value in likely["params"]],
            "months": [months(value) for value in likely["months"]],
            "P(as able)": [f"{value:.2f}" for value in likely["probability"]],
        }
    )
    caption = f"Releases of at most {_size(share)} that are as able with a probability of 0.01 or more; the likeliest."
    return [Paragraph(told), Table("successors", caption, shown, every.reset_index())]


def _size(share: float) -> str:
    """A share of the size of an LLM."""
    known = {1.0: "", 0.5: "half "}
    return f"{known.get(share, f'{density(100 * share)}% of ')}its size"


def _already(life: Estimate) -> float:
    return float((life.draws == 0).mean())


def _days(fit: Fit, by: Sequence[str]) -> list[str]:
    """Dates asked for and the last release, in order."""
    return sorted({*by, window(fit)[1]})


def _released(fit: Fit, llm: str) -> str:
    names = fit.data["llm"].to_numpy().tolist()
    return str(fit.data["release_date"].to_numpy()[names.index(llm)])
