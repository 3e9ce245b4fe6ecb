"""What sizes reach by dates: a table, and a card that answers from stored draws in the browser.

The card holds for each draw what the arithmetic of `bayesdensity.quantities.forecast` needs; the script does the rest.
Beyond the last release every path is straight between knots of the trend, so that few dates hold it exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import ENDS, fixed, interval, size
from bayesdensity.data.dates import calendar_day
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.laws.trends import KNOT_STEP
from bayesdensity.quantities import ahead
from bayesdensity.quantities.estimate import MONTHS, times
from bayesdensity.quantities.forecast import date_at, probability_by, score_at, size_at
from bayesdensity.quantities.mixture import AHEAD, DRAWS
from bayesdensity.render.blocks import Calculator, Paragraph, Section, Table
from bayesdensity.render.sections.forecast import written
from bayesdensity.render.sources import Source
from bayesdensity.study.phrases import estimand_phrase

STORED = 200
"""Draws that the page holds, at least where the fit has so many."""
SIZE = 8e9
"""Of the table, and that the card opens with."""
STEPS = (1, 1.2, 1.4, 1.7, 2, 2.4, 2.7, 3, 3.2, 4, 5, 6, 7, 8, 9)
"""Sizes of a decade that the slider stops at: roughly even steps that meet the sizes models come in."""
DIGITS = 6
"""Significant digits that a stored number has."""
PER_UNIT = 1000
"""Steps that a stored logarithm of density has in an e-fold."""
Json = dict[str, Any]


def forecasts(source: Source) -> Section:
    """The table, and the card."""
    fit, ci = source.fit, source.ci
    frontier, last = fit.study.frontier, q.window(fit)[1]
    steps = ", and its walk takes further steps" if frontier.trend == "random-walk" else ""
    lead = (
        f"Frontier: the {estimand_phrase('frontier', frontier.quantile, 'density')}; typical: their mean. Beyond the "
        f"last release, {last}, the trend goes on at the pace that it has there{steps}. Every answer here is that of "
        "one form of the trend; the command 'bayesdensity forecast' mixes several, and answers for the best of all "
        "releases too."
    )
    return Section("forecasts", "Forecasts", (Paragraph(lead), scores_table(fit, ci), card(fit, ci)))


def scores_table(fit: Fit, ci: float) -> Table:
    """Scores that one size reaches on each benchmark at the last release, a year later, and two."""
    thin, days = fit.thinned(DRAWS), _days_ahead(fit, (0, 1, 2))
    found = {
        (name, of): score_at(thin, name, SIZE, days, of, ci).to_frame()
        for name in map(str, fit.data["benchmark"].to_numpy())
        for of in ahead.LEVELS
    }
    shown = [
        {"benchmark": name, "of": of, **{day: interval(row, fixed(2)) for day, row in scores.iterrows()}}
        for (name, of), scores in found.items()
    ]
    data = [
        {"benchmark": name, "of": of, "date": day, **{f"score_{end}": row[end] for end in ENDS}}
        for (name, of), scores in found.items()
        for day, row in scores.iterrows()
    ]
    caption = f"Score that {size(SIZE)} parameters reach: at the last release, a year later and two years later."
    return Table("forecasts", caption, pd.DataFrame(shown), pd.DataFrame(data))


def card(fit: Fit, ci: float) -> Calculator:
    """The card, with the answers that it opens with."""
    thin = fit.thinned(STORED)
    data = card_data(thin, ci)
    start = data["benchmarks"][0]
    name, score, day = start["name"], start["score"], data["dates"][data["start"]]
    when = date_at(thin, name, score, SIZE, ci=ci)
    answers = {
        "date": written(when, "date"),
        "chance": f"{float(probability_by(thin, when, [day])[0]):.2f}",
        "score": written(score_at(thin, name, SIZE, [day], ci=ci).sel(date=day), "score"),
        "params": written(size_at(thin, name, score, [day], ci=ci).sel(date=day), "params"),
    }
    asked = f"Frontier on {name}: {size(SIZE)} parameters, score {score:.2f}, {day}"
    caption = (
        f"Medians and {ci:.0%} intervals of {data['draws']} draws of the posterior, which a browser works out anew for "
        f"other benchmarks, sizes, scores and dates. never: not within {ahead.HORIZON:g} years of the last release; "
        "inf: no size."
    )
    return Calculator("forecast", caption, data, asked, answers)


def card_data(fit: Fit, ci: float) -> Json:
    """What the script computes from; dates as years from the centre, paths of log density less the level."""
    first, last = q.window(fit)
    released, sizes = fit.data["time"].to_numpy(), fit.data["log_size"].to_numpy() + fit.data.attrs["log_size_centre"]
    start, end = released.min(), released.max()
    past = np.linspace(start, end, int((end - start) * MONTHS) + 2)
    grid = np.append(past, end + np.arange(KNOT_STEP, ahead.HORIZON + KNOT_STEP / 2, KNOT_STEP))
    year_on, until = _days_ahead(fit, (1, AHEAD))
    dates = [f"{day:%Y-%m-%d}" for day in pd.date_range(first, until, freq="MS")]
    paths = {
        of: np.rint(PER_UNIT * _flat(ahead.log_density_ahead(fit, grid, of))).astype(int).tolist()
        for of in ahead.LEVELS
    }
    return {
        "ci": ci,
        "draws": len(paths["frontier"]),
        "last": last,
        "end": float(end),
        "log_size_centre": fit.data.attrs["log_size_centre"],
        "year_centre": 2000.0 + fit.data.attrs["time_centre"],
        "memory": fit.study.llms.size == "total",
        "known_sizes": np.exp([sizes.min(), sizes.max()]).tolist(),
        "sizes": _stops(float(np.exp(sizes.min())), float(np.exp(sizes.max()))),
        "size": SIZE,
        "dates": dates,
        "times": times(fit, dates).to_numpy().tolist(),
        "start": next(k for k, day in enumerate(dates) if day >= year_on),
        "grid": grid.tolist(),
        "per_unit": PER_UNIT,
        "paths": paths,
        "size_effect": [_short(part) for part in ahead.size_effect(fit)] if fit.study.size_covariate else None,
        "benchmarks": [_benchmark(fit, place, year_on) for place in range(fit.data.sizes["benchmark"])],
    }


def _benchmark(fit: Fit, place: int, day: str) -> Json:
    """Draws of what belongs to one benchmark, and a score to begin with: what the size reaches by a day."""
    link, floor = Draws(fit.data, fit.posterior).link.at([place]), ahead.floor(fit, place)
    name = str(fit.data["benchmark"].to_numpy()[place])
    lowest = float(np.ceil(100 * floor + 1) / 100)
    score = float(np.median(score_at(fit, name, SIZE, [day]).draws))
    return {
        "name": name,
        "floor": floor,
        "lowest": lowest,
        "score": float(np.clip(round(score, 2), lowest, 0.99)),
        "reach": float(fit.data["reach"].to_numpy()[place]),
        "ceiling": _short(fit.posterior["ceiling"].to_numpy()[..., place]),
        "slope": _short(fit.posterior["benchmark_slope"].to_numpy()[..., place]),
        "link": {part: _short(values) for part, values in link._asdict().items() if not isinstance(values, float)},
    }


def _stops(least: float, most: float) -> list[float]:
    """Sizes that the slider stops at: whole decades about those of the fit, and about the one it opens with."""
    low, high = int(np.floor(np.log10(min(least, SIZE)))), int(np.ceil(np.log10(max(most, SIZE))))
    return [float(f"{step}e{decade}") for decade in range(low, high) for step in STEPS] + [float(f"1e{high}")]


def _days_ahead(fit: Fit, years: tuple[int, ...]) -> list[str]:
    """ISO dates so many years beyond the last release."""
    end = 2000.0 + fit.data.attrs["time_centre"] + float(fit.data["time"].max())
    return [calendar_day(end + year) for year in years]


def _flat(values: ahead.Array) -> ahead.Array:
    """Chains joined."""
    return values.reshape(-1, *values.shape[2:])


def _short(values: ahead.Array) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values.ravel()]
