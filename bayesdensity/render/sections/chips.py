"""Density and hardware together: the effective size that a fixed price, or a device, runs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import enumerated, fixed, interval, months
from bayesdensity.checks import checks_of
from bayesdensity.data.claims import DAYS_PER_MONTH
from bayesdensity.data.hardware import TRENDS, read_hardware
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.chips import hardware_rate, published_with_chips, runnable_rate
from bayesdensity.quantities.estimate import Estimate
from bayesdensity.render.blocks import Block, Paragraph, Table, Verdicts
from bayesdensity.study.phrases import estimand_phrase

PRESS = ("battery", "transistors")
"""What the press sets beside the density of models."""


def data(fit: Fit, ci: float = q.DEFAULT_CI, seed: int = 1) -> dict[str, Any]:
    """What hardware adds, in the documented form.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals.
    seed : int
        Of the draws of hardware.
    """
    table, published = read_hardware(), published_with_chips()
    return {
        "study": fit.study.name,
        "digest": fit.about["digest"],
        "seed": seed,
        "window": q.window(fit),
        "estimand": estimand_phrase("frontier", fit.study.frontier.quantile),
        "verdict": Verdicts(checks_of(fit)).verdict,
        "density": _growth(q.rate(fit, ci=ci)),
        "hardware": {
            name: {
                "what": table.at[name, "what"],
                "interval_assumed": bool(table.at[name, "assumed"]),
                "source": table.at[name, "source"],
                **_growth(hardware_rate(fit, name, ci, seed)),
                "runnable": _growth(runnable_rate(fit, name, ci=ci, seed=seed)),
            }
            for name in TRENDS
        },
        "published": {
            "days": published.days,
            "chip_doubling_years": published.chip_years,
            "by_constant": published.by_constant,
        },
        "press": {name: {"what": table.at[name, "what"], "years": table.at[name, "doubling_years"]} for name in PRESS},
    }


def blocks(fit: Fit, ci: float = q.DEFAULT_CI, seed: int = 1) -> list[Block]:
    """What hardware adds, for a reader.

    Parameters
    ----------
    fit, ci, seed
        As for `data`.
    """
    start, end = q.window(fit)
    alone, together = (_months(one) for one in (q.rate(fit, ci=ci), runnable_rate(fit, ci=ci, seed=seed)))
    sentence = (
        f"Density doubles every {alone} months ({estimand_phrase('frontier', fit.study.frontier.quantile)}, {start} to "
        f"{end}); with operations per dollar of GPUs for machine learning, the effective size that a fixed price runs "
        f"doubles every {together} months."
    )
    return [
        Verdicts(checks_of(fit)),
        Paragraph(fit.study.title),
        Paragraph(sentence, "answer"),
        _together(fit, ci, seed),
        *_published(fit, ci, seed),
        _press(fit, ci),
    ]


def _together(fit: Fit, ci: float, seed: int) -> Table:
    table, rows = read_hardware(), []
    for name in TRENDS:
        alone, both = hardware_rate(fit, name, ci, seed), runnable_rate(fit, name, ci=ci, seed=seed)
        years = q.doubling_time(alone).to_frame_row() / q.MONTHS
        mark = " (interval assumed)" if table.at[name, "assumed"] else ""
        rows.append(
            {
                "hardware": name,
                "years to double": interval(years, fixed(2)),
                "with density, months": _months(both),
                "what doubles": f"{table.at[name, 'what']}{mark}",
            }
        )
    caption = (
        "Hardware, and the effective size that a fixed price runs, or that one device of each generation holds "
        "(memory) "
        f"or reads for a token in the same time (bandwidth): median [{ci:.0%} interval]. Rates of logarithms add; "
        "those of "
        "hardware are drawn apart from the fit."
    )
    return Table("chips", caption, pd.DataFrame(rows))


def _published(fit: Fit, ci: float, seed: int) -> list[Block]:
    found, both = published_with_chips(), q.doubling_time(runnable_rate(fit, ci=ci, seed=seed)).to_frame_row()
    table = found.by_constant
    near = table[(table["with_chips"] - found.days).abs() < 1.0]
    sentence = (
        f"The published {found.days:.0f} days at a fixed price state no interval; ours, with that of the hardware, is "
        f"{interval(both * DAYS_PER_MONTH, fixed(0))} days. They follow from A = {enumerated(near['A'])} a day and "
        f"{found.chip_years:g} years for operations per dollar; the other published constants give other days."
    )
    shown = pd.DataFrame(
        {
            "A a day": table["A"].map("{:g}".format),
            "days to double": table["days"].map(fixed(1)),
            "with chips": table["with_chips"].map(fixed(1)),
        }
    )
    return [Paragraph(sentence), Table("constants", "What the published constants give.", shown, table)]


def _press(fit: Fit, ci: float) -> Table:
    table = read_hardware()
    rows = [(table.at[name, "what"], months(q.MONTHS * table.at[name, "doubling_years"])) for name in PRESS]
    rows.append(("capability density of language models (this fit)", _months(q.rate(fit, ci=ci))))
    shown = pd.DataFrame(rows, columns=["density", "months to double"])
    return Table("press", "The three densities that the press sets side by side; two have no interval.", shown)


def _months(rates: Estimate) -> str:
    return interval(q.doubling_time(rates).to_frame_row())


def _growth(rates: Estimate) -> dict[str, Any]:
    return {"doubling_time_months": q.doubling_time(rates), "rate_per_year": rates}
