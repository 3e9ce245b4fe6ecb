"""When a model of a size reaches a score, how small one with a score is, what a size reaches by a date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import ENDS, chance, fixed, interval, size
from bayesdensity.base.jsonable import interval_json
from bayesdensity.data.dates import calendar_day
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import HORIZON, place_of
from bayesdensity.quantities.mixture import Forecast
from bayesdensity.quantities.releases import HORIZON as SIMULATED
from bayesdensity.quantities.releases import RECENT, release_rate
from bayesdensity.render.blocks import Block, Paragraph, Table
from bayesdensity.study.phrases import estimand_phrase

NEVER = "never"


class Device(NamedTuple):
    """The memory that a size was told as."""

    memory: float
    """Bytes."""
    bits: float
    """A weight."""
    context_gb: float


def data(found: Forecast, device: Device | None = None) -> dict[str, Any]:
    """A forecast in the documented form; dates are ISO days, or "never"."""
    asked, question, first = found.question.asked, found.question, _first(found)
    given = {name: getattr(question, name) for name in ("params", "score", "date") if name != asked}
    return {
        "study": first.study.name,
        "window": q.window(first),
        "benchmark": question.benchmark,
        "of": question.of,
        "what": found.answer.what,
        **given,
        asked: _json(found.answer, asked),
        **({} if found.probability_by is None else {"probability_by": _chances(found)}),
        **({} if device is None else {"device": device._asdict()}),
        **({} if question.of != "best" else {"families_per_year": _families(found)}),
        "notes": notes(found),
        "fits": {
            name: {"trend": fit.study.frontier.trend, "weight": found.weights[name], asked: _json(part, asked)}
            for (name, fit), part in zip(found.fits.items(), found.parts.values(), strict=True)
        },
    }


def blocks(found: Forecast, device: Device | None = None) -> list[Block]:
    """A forecast for a reader."""
    shown: list[Block] = [Paragraph(sentence(found, device), "answer")]
    if found.probability_by is not None:
        rows = [(day, f"{p:.2f}") for day, p in _chances(found).items()]
        table = pd.DataFrame(rows, columns=["by", "P(reached)"])
        numbers = pd.DataFrame(list(_chances(found).items()), columns=["date", "probability"])
        shown.append(Table("forecast", "Probability that it has come by a date.", table, numbers))
    if len(found.fits) > 1:
        shown.append(_by_fit(found))
    return [*shown, *(Paragraph(note, "note") for note in notes(found))]


def sentence(found: Forecast, device: Device | None = None) -> str:
    """What may be quoted."""
    question, first, ci = found.question, _first(found), found.answer.probability
    said, whose = written(found.answer, question.asked), _whose(found)
    of_size = "" if question.params is None else f"{size(question.params)} parameters"
    if device is not None:
        room = f" beside {device.context_gb:g} GB of context" if device.context_gb else ""
        of_size += f" ({device.memory / 1e9:g} GB at {device.bits:g} bits a weight{room})"
    on, last = question.benchmark, q.window(first)[1]
    by = f" ({ci:.0%} interval; {whose}, by the releases up to {last})."
    match question.asked:
        case "date":
            return f"Open models of at most {of_size} reach {question.score:g} on {on} on {said}{by}"
        case "params":
            return (
                f"On {question.date} the smallest open model with {question.score:g} on {on} has {said} parameters{by}"
            )
        case _:
            return f"On {question.date} an open model of at most {of_size} reaches {said} on {on}{by}"


def notes(found: Forecast) -> list[str]:
    """What a forecast rests on beyond the data: dates, sizes and scores that nobody has seen, and what was assumed."""
    question, first = found.question, _first(found)
    last, place = q.window(first)[1], place_of(first, question.benchmark)
    reach, told = float(first.data["reach"][place]), list[str]()
    answer = found.answer.to_frame_row()
    goes_on = "each trend goes on at the pace that it has there, and a random walk of the pace takes further steps"
    if question.asked == "date" or (question.date is not None and question.date > last):
        told.append(f"Beyond the last release, {last}, {goes_on}.")
    if question.date is not None and question.date < q.window(first)[0]:
        told.append(f"Before the first release, {q.window(first)[0]}, the trend is carried back.")
    if question.asked == "date" and np.isinf(found.answer.draws.to_numpy()).any():
        years = HORIZON if question.of != "best" else SIMULATED
        never = float(np.isinf(found.answer.draws.to_numpy()).mean())
        told.append(f"never: not within {years:g} years of the last release; its probability {chance(never)}.")
    score = question.score if question.score is not None else float(answer["median"])
    if score >= reach:
        told.append(
            f"{score:.2f} on {question.benchmark} lies beyond {reach:.2f}, the best that the yardstick is known to "
            "reach: what size it stands for is less well known."
        )
    sizes = np.exp(first.data["log_size"].to_numpy() + first.data.attrs["log_size_centre"])
    params = question.params if question.params is not None else float(answer["median"])
    if not sizes.min() <= params <= sizes.max():
        told.append(
            f"No LLM of the fit is so {'small' if params < sizes.min() else 'large'}: {size(params)} parameters."
        )
    if question.of == "best":
        assumed = f"{question.per_year:g}" if question.per_year else interval(_families(found).to_frame_row(), fixed(0))
        told.append(
            f"Families to come that report {question.benchmark}: {assumed} a year, each with the sizes of one of the "
            f"last {RECENT:g} years; scores as tables print them."
        )
    return told


def written(answer: q.Estimate, asked: str) -> str:
    """Median and interval of a date, a size or a score."""
    form: Callable[[float], str] = {"date": _day, "params": _size, "score": fixed(3)}[asked]
    return interval(answer.to_frame_row(), form)


def _json(answer: q.Estimate, asked: str) -> Any:
    if asked != "date":
        return answer
    row = answer.to_frame_row()
    return interval_json(row, answer.probability) | {end: _day(float(row[end])) for end in ENDS}


def _by_fit(found: Forecast) -> Table:
    rows = [
        {
            "fit": name,
            "trend": fit.study.frontier.trend,
            "weight": f"{found.weights[name]:.2f}",
            found.question.asked: written(found.parts[name], found.question.asked),
        }
        for name, fit in found.fits.items()
    ]
    return Table("forecast-fits", "The same by each fit.", pd.DataFrame(rows))


def _chances(found: Forecast) -> dict[str, float]:
    by = found.probability_by
    return (
        {} if by is None else {str(day): float(p) for day, p in zip(by["date"].to_numpy(), by.to_numpy(), strict=True)}
    )


def _families(found: Forecast) -> Any:
    if found.question.per_year is not None:
        return found.question.per_year
    return release_rate(_first(found), found.question.benchmark, found.answer.probability)


def _whose(found: Forecast) -> str:
    if found.question.of == "best":
        return "the best of all releases"
    estimand: q.Estimand = "mean" if found.question.of == "typical" else "frontier"
    return estimand_phrase(estimand, _first(found).study.frontier.quantile, "density")


def _first(found: Forecast) -> Fit:
    return next(iter(found.fits.values()))


def _day(year: float) -> str:
    return NEVER if np.isinf(year) else calendar_day(year)


def _size(params: float) -> str:
    return "inf" if np.isinf(params) else size(params, 2)
