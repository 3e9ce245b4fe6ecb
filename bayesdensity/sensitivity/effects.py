"""Tables of what variants answer: specifications, swing of each axis, where the spread comes from, influence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.quantities import doubling_time, probability_positive
from bayesdensity.sensitivity.answers import Answer, require_rate
from bayesdensity.sensitivity.grid import DEFAULT, Multiverse, Variant
from bayesdensity.sensitivity.influence import Left
from bayesdensity.study.spec import Study

MOST_ERROR = 0.1
"""Monte Carlo error of a median, as a share of the standard deviation, up to which it may be read off."""
AXIS = "axis: "
"""Begins the columns of the choices."""
POSTERIOR, RESIDUAL = "posterior of a variant", "choices together beyond their sum"


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What the answer of a study rests on.

    Attributes
    ----------
    study : Study
    grid : str
        Name of the grid of its variants.
    of : str
        The rate that is asked for: "frontier" or "mean", over the window of each variant, or at a date.
    ci : float
        Probability of the intervals.
    specifications, tornado, decomposition, priors, influence : pandas.DataFrame
        As the functions of this module make them; `influence` is empty unless asked for.
    containment : dict
        How often the default's interval holds the medians of the variants.
    failed : dict
        By key of a variant without an answer, why.
    """

    study: Study
    grid: str
    of: str
    ci: float
    specifications: pd.DataFrame
    tornado: pd.DataFrame
    decomposition: pd.DataFrame
    containment: dict[str, Any]
    priors: pd.DataFrame
    influence: pd.DataFrame
    failed: dict[str, str]

    @property
    def labels(self) -> dict[str, str]:
        """The study's own choice on each axis."""
        own = self.specifications.loc[DEFAULT]
        return {str(name).removeprefix(AXIS): str(own[name]) for name in own.index if str(name).startswith(AXIS)}


def summarise(
    universe: Multiverse,
    answers: Mapping[str, Answer],
    failed: Mapping[str, str],
    widened: Mapping[str, tuple[str, float, Variant]],
    left: Sequence[Left] | None = None,
    of: str = "frontier",
    ci: float = 0.9,
) -> Sensitivity:
    """All tables of what variants, priors and parts of the data do to one rate.

    Parameters
    ----------
    universe : Multiverse
    answers : mapping of Answer
        By key of the variant.
    failed : mapping of str
        By key of a variant without an answer, why.
    widened : mapping
        As `bayesdensity.sensitivity.running.widened` gives it.
    left : sequence of Left, optional
        Parts of the data left out; None: not asked for.
    of : str
        The rate: "frontier" or "mean", alone or followed by a date ("frontier 2024-07-01").
    ci : float
        Probability of the intervals.

    Raises
    ------
    InputError
        If the study itself has no such rate, for its window does not hold the date.
    """
    default = answers[DEFAULT]
    require_rate(of, *default.about["window"])
    table = specifications(universe, answers, of, ci)
    default_row = table.loc[DEFAULT].to_dict() | {"sd": float(default.rates[of].std())}
    without = {
        label.removeprefix("without "): answers[variant.key]
        for variant in universe.variants
        for label in changed(universe, variant).values()
        if label.startswith("without ") and variant.key in table.index and len(changed(universe, variant)) == 1
    }
    return Sensitivity(
        universe.study,
        universe.grid.name,
        of,
        ci,
        table,
        tornado(universe, table),
        decomposition(universe, table, answers, of),
        containment(table),
        priors_table(widened, answers, default_row, of, ci),
        pd.DataFrame() if left is None else influence_table(left, without, default_row, of, ci),
        dict(failed) | universe.impossible,
    )


def row_of(answer: Answer, of: str, ci: float) -> dict[str, Any]:
    """Doubling time in months and rate a year of one answer, with intervals.

    Parameters
    ----------
    answer : Answer
    of : str
        The rate: "frontier" or "mean", alone or followed by a date ("frontier 2024-07-01").
    ci : float
        Probability of the intervals.
    """
    rates = answer.estimate(of, ci)
    months, yearly = doubling_time(rates).to_frame_row(), rates.to_frame_row()
    return {
        **months.to_dict(),
        **{f"rate_{end}": value for end, value in yearly.items()},
        "rate_mcse": answer.about["mcse"][of],
        "probability_rate_positive": float(probability_positive(rates)),
    }


def specifications(universe: Multiverse, answers: Mapping[str, Answer], of: str, ci: float) -> pd.DataFrame:
    """One row for each variant: its choices, doubling time with interval, and how it was found.

    Columns: ``median``, ``lower``, ``upper`` (months), the same of the rate a year, ``ratio`` of the median and
    ``width_ratio`` of the interval of the rate to those of the default, data, window, method and convergence, and one
    column for each axis. A date at which the rate is asked may lie outside the window of a variant, which then has
    no row.

    Parameters
    ----------
    universe : Multiverse
    answers : mapping of Answer
        By key of the variant.
    of : str
        As for `row_of`.
    ci : float
        Probability of the intervals.
    """
    variants = {variant.key: variant for variant in universe.variants}
    asked = {key: answer for key, answer in answers.items() if key in variants and of in answer.rates}
    rows = []
    for key, answer in asked.items():
        about = answer.about
        rows.append(
            {
                "variant": key,
                "n_choices": len(changed(universe, variants[key])),
                **row_of(answer, of, ci),
                **{name: about[name] for name in ("n_llms", "n_scores")},
                **dict(zip(("window_start", "window_end"), about["window"], strict=True)),
                **{name: about.get(name) for name in ("method", "pareto_k", "max_rhat", "min_ess_bulk", "divergences")},
                "verdict": converged(answer, of),
                "digest": about["digest"],
                **{f"{AXIS}{axis}": label for axis, label in variants[key].choices.items()},
            }
        )
    table = pd.DataFrame(rows).set_index("variant")
    default = table.loc[DEFAULT]
    width = table["rate_upper"] - table["rate_lower"]
    table.insert(5, "ratio", table["median"] / default["median"])
    table.insert(6, "width_ratio", width / width[DEFAULT])
    return table


def converged(answer: Answer, of: str) -> str:
    """Whether a rate may be read off an answer: PASS, REVIEW or FAIL.

    Variants have fewer draws than a fit to be cited, whose gate asks more of every single latent effect. A rate passes
    if nothing failed to converge, nothing diverged, and its median is known to a tenth of its standard deviation.
    """
    about = answer.about
    if about["verdict"] == "FAIL":
        return "FAIL"
    precise = about["mcse"][of] <= MOST_ERROR * answer.rates[of].std()
    return "PASS" if precise and not about.get("divergences") else "REVIEW"


def changed(universe: Multiverse, variant: Variant) -> dict[str, str]:
    """Axes on which a variant departs from the study, and its choices there."""
    return {axis: label for axis, label in variant.choices.items() if label != universe.labels[axis]}


def tornado(universe: Multiverse, table: pd.DataFrame) -> pd.DataFrame:
    """How far each axis alone moves the median and the width, widest swing first.

    Parameters
    ----------
    universe : Multiverse
    table : pandas.DataFrame
        As `specifications` gives it; variants with one choice count.
    """
    rows = []
    single = table[table["n_choices"] <= 1]
    for axis, own in universe.labels.items():
        here = single[(single[f"{AXIS}{axis}"] != own) | (single.index == DEFAULT)]
        if len(here) < 2:
            continue
        labels, rate = here[f"{AXIS}{axis}"], here["rate_median"]
        fast, slow = rate.idxmax(), rate.idxmin()
        rows.append(
            {
                "axis": axis,
                "own_choice": own,
                "n_choices": len(here),
                "fastest": labels[fast],
                "fastest_median": here.loc[fast, "median"],
                "slowest": labels[slow],
                "slowest_median": here.loc[slow, "median"],
                "rate_swing": rate[fast] - rate[slow],
                "narrowest_ratio": here["width_ratio"].min(),
                "widest_ratio": here["width_ratio"].max(),
            }
        )
    found = pd.DataFrame(rows)
    return found.sort_values("rate_swing", ascending=False, ignore_index=True).set_index("axis") if rows else found


def decomposition(universe: Multiverse, table: pd.DataFrame, answers: Mapping[str, Answer], of: str) -> pd.DataFrame:
    """Where the spread of the rate comes from: the posterior of a variant, each axis, and what axes do together.

    If every choice on an axis were as good as another, and made on its own, the variance of the rate would be that
    within a variant on average, plus that of the effects of each axis over its choices. Effects are least squares on
    the medians, which one axis at a time determines exactly; in larger designs the residual is what choices do beyond
    the sum of their effects.

    Parameters
    ----------
    universe : Multiverse
    table : pandas.DataFrame
        As `specifications` gives it.
    answers : mapping of Answer
        By key of the variant.
    of : str
        As for `row_of`.

    Returns
    -------
    pandas.DataFrame
        By source: ``variance`` and ``sd`` of the rate a year, and ``share`` of the total variance.
    """
    axes = [axis for axis in universe.labels if table[f"{AXIS}{axis}"].nunique() > 1]
    columns, parts = list[np.ndarray](), dict[str, slice]()
    for axis in axes:
        labels, start = table[f"{AXIS}{axis}"], len(columns)
        others = [label for label in labels.unique() if label != universe.labels[axis]]
        columns += [(labels == label).to_numpy(float) for label in others]
        parts[axis] = slice(start, len(columns))
    design = np.column_stack([np.ones(len(table)), *columns])
    rate = table["rate_median"].to_numpy()
    effect = np.linalg.lstsq(design, rate, rcond=None)[0]
    within = float(np.mean([answers[key].rates[of].var() for key in table.index]))
    rows = {POSTERIOR: within}
    rows |= {axis: float(np.var(np.r_[0.0, effect[1:][part]])) for axis, part in parts.items()}
    if len(table) > design.shape[1]:
        rows[RESIDUAL] = float(np.mean((rate - design @ effect) ** 2))
    sources = pd.DataFrame({"variance": rows}).rename_axis("source")
    sources["sd"] = np.sqrt(sources["variance"])
    sources["share"] = sources["variance"] / sources["variance"].sum()
    posterior = sources.loc[[POSTERIOR]]
    return pd.concat([posterior, sources.drop(index=POSTERIOR).sort_values("variance", ascending=False)])


def containment(table: pd.DataFrame) -> dict[str, Any]:
    """How often the interval of the default holds the medians of the variants, and the other way round."""
    default, others = table.loc[DEFAULT], table.drop(index=DEFAULT)
    inside = others["rate_median"].between(default["rate_lower"], default["rate_upper"])
    holds = (others["rate_lower"] <= default["rate_median"]) & (default["rate_median"] <= others["rate_upper"])
    return {
        "n_variants": len(others),
        "medians_inside_default": int(inside.sum()),
        "intervals_holding_default": int(holds.sum()),
        "outside": list(others.index[~inside]),
    }


def priors_table(
    widened: Mapping[str, tuple[str, float, Variant]],
    answers: Mapping[str, Answer],
    own: Mapping[str, Any],
    of: str,
    ci: float,
) -> pd.DataFrame:
    """One row for each prior and factor: its interval, and what becomes of the doubling time.

    Parameters
    ----------
    widened : mapping
        As `bayesdensity.sensitivity.running.widened` gives it.
    answers : mapping of Answer
        By key of the variant.
    own : mapping
        Row of the default among the specifications, with the ``sd`` of its rate.
    of : str
        As for `row_of`.
    ci : float
        Probability of the intervals.
    """
    rows = []
    for key, (name, factor, variant) in widened.items():
        if key not in answers:
            continue
        about, row = answers[key].about, row_of(answers[key], of, ci)
        lower, upper = variant.study.priors[name].interval
        rows.append(
            {
                "prior": name,
                "width": factor,
                "prior_lower": lower,
                "prior_upper": upper,
                **row,
                "shift_sd": (row["rate_median"] - own["rate_median"]) / own["sd"],
                **{part: about.get(part) for part in ("method", "pareto_k")},
            }
        )
    return pd.DataFrame(rows).set_index(["prior", "width"]) if rows else pd.DataFrame(rows)


def influence_table(
    left: Sequence[Left], answers: Mapping[str, Answer], own: Mapping[str, Any], of: str, ci: float
) -> pd.DataFrame:
    """One row for each part of the data left out, the most influential first.

    ``shift`` is the change of the median rate a year, ``shift_sd`` in posterior standard deviations, ``shift_mcse`` its
    Monte Carlo error.

    Parameters
    ----------
    left : sequence of Left
        LLMs, families and harnesses left out.
    answers : mapping of Answer
        Of variants without one benchmark, by benchmark.
    own : mapping
        Row of the default among the specifications, with the ``sd`` of its rate.
    of : str
        As for `row_of`.
    ci : float
        Probability of the intervals.
    """
    parts = [(part.kind, part.name, part.n_scores, part.answer) for part in left]
    parts += [
        ("benchmark", name, own["n_scores"] - answer.about["n_scores"], answer) for name, answer in answers.items()
    ]
    rows = []
    for kind, name, n_scores, answer in parts:
        row, method = row_of(answer, of, ci), answer.about["method"]
        shift = row["rate_median"] - own["rate_median"]
        # Weights reuse the draws of the default, whose own error they share.
        error = answer.about["mcse"][of] if method == "weights" else np.hypot(row["rate_mcse"], own["rate_mcse"])
        rows.append(
            {
                "left_out": kind,
                "name": name,
                "n_scores": n_scores,
                **row,
                "shift": shift,
                "shift_sd": shift / own["sd"],
                "shift_mcse": error,
                "method": method,
                "pareto_k": answer.about.get("pareto_k"),
            }
        )
    order = np.argsort([-abs(row["shift"]) for row in rows], kind="stable")
    return pd.DataFrame([rows[k] for k in order]).set_index(["left_out", "name"])
