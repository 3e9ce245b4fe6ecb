"""Tables of the pages, each a function from `docs/results` to the lines of a Markdown table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from results_text import billions, declared_stale, ends_text, interval, number, percent, probability, results

from bayesdensity.base.format import size
from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables
from bayesdensity.quantities.explained import RECIPE, TOTAL
from bayesdensity.render.sections.study import entering_table
from bayesdensity.study.load import load_study

TABLES: dict[str, Callable[..., list[str]]] = {}
DATES = {"2023-07-01": "in mid-2023", "2024-07-01": "in mid-2024", "2025-07-01": "in mid-2025"}
MONTHS, TWO = "doubling_time_months", ".2f"


def table(make: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Register a table by the name of its function."""
    TABLES[make.__name__] = make
    return make


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; what would end a cell is escaped, and no interval breaks over two lines."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in [head, *rows]]
    return [lines[0], f"|{'---|' * len(head)}", *lines[1:]]


def _cell(text: str) -> str:
    whole = re.sub(r"\S+ \[[^\]]*\]", lambda found: found[0].replace(" ", "\xa0"), text)
    return whole.replace("|", r"\|")


def literal(text: str) -> str:
    """Words of a result, with what Markdown reads as a mark escaped."""
    return re.sub(r"([\\`*_<\[\]])", r"\\\1", text)


def months(growth: dict[str, Any]) -> str:
    """Doubling time of a rate, median and interval."""
    return interval(growth[MONTHS])


def yearly(growth: dict[str, Any]) -> str:
    """A rate in natural logarithms a year, median and interval."""
    return interval(growth["rate_per_year"], TWO)


def chance_of_growth(growth: dict[str, Any]) -> str:
    """Posterior probability that a rate is positive."""
    return probability(growth["probability_rate_positive"])


@table
def entering(study: str) -> list[str]:
    """Who enters a study, of those who could; read from study and tables, and from no fit."""
    asked, tables = load_study(study), read_tables()
    shown = entering_table(asked, tables, select(asked, tables)).shown
    return markdown(list(shown.columns), shown.to_numpy().tolist())


@table
def stale(name: str) -> list[str]:
    """What a page says of results that are known to be stale."""
    return [f"> These results are stale: {declared_stale()[name]}."]


@table
def doubling(study: str) -> list[str]:
    """Frontier and mean, over the window and at dates."""
    fit = results(study)
    both = (fit, fit["mean_trend"])
    rows = [["averaged over the window", *(months(growth) for growth in both)]]
    for date in fit[f"{MONTHS}_at"]:
        rows.append([DATES[date], *(interval(growth[f"{MONTHS}_at"][date]) for growth in both)])
    return markdown(["months to double", "frontier (0.95 quantile of releases)", "mean of releases"], rows)


@table
def headline(study: str) -> list[str]:
    """Frontier, mean and published procedure over the window."""
    fit = results(study)
    rows = {
        "frontier (0.95 quantile of releases)": fit,
        "mean of releases": fit["mean_trend"],
        "published procedure, on draws of the same densities": fit["paper_mode"],
    }
    start, end = (date[:7] for date in fit["window"])
    head = [f"months to double, {start} to {end}", "median", "90 % interval"]
    return markdown(head, [[name, number(row[MONTHS]["median"]), ends_text(row[MONTHS])] for name, row in rows.items()])


@table
def benchmarks(study: str) -> list[str]:
    """Frontier by benchmark, fastest first."""
    fit = results(study)
    rows = sorted(fit["benchmarks"].items(), key=lambda row: row[1][MONTHS]["median"])
    rows.append(("a benchmark not in the study, predicted", fit["new_benchmark"]))
    return markdown(["benchmark", "frontier, months to double"], [[name, months(row)] for name, row in rows])


@table
def densest(study: str) -> list[str]:
    """LLMs most likely to be above the frontier of their date."""
    rows = [
        [
            literal(llm["llm"]),
            llm["release_date"],
            f"{billions(llm['params'], '.3g')}B",
            interval(llm["density"]),
            probability(llm["probability_on_frontier"]),
        ]
        for llm in results(study)["densest"]
    ]
    return markdown(["LLM", "released", "parameters", "density", "P(on the frontier)"], rows)


@table
def densities(study: str) -> list[str]:
    """Density and effective size of every LLM kept."""
    rows = [
        [llm["llm"], llm["release_date"], interval(llm["density"]), billions(llm["effective_size"])]
        for llm in results(study)["densities"]
    ]
    return markdown(["LLM", "released", "density", "effective size in billions of parameters"], rows)


@table
def yardsticks(*studies: str) -> list[str]:
    """The same rates under several studies."""
    rows = []
    for study in studies:
        fit = results(study)
        rows.append([f"`{study}`", *(months(growth) for growth in (fit, fit["mean_trend"], fit["paper_mode"]))])
    return markdown(["study", "frontier", "mean of releases", "records by least squares"], rows)


@table
def answers(*studies: str) -> list[str]:
    """What studies say side by side: by what was measured and of whom."""
    rows = []
    for study in studies:
        fit, chosen = results(study), load_study(study)
        slowed = "-" if chosen.frontier.steady else f"{fit['probability_slowing']:.2f}"
        whom = f"{fit['n_llms']} {' and '.join(chosen.llms.stage)}"
        told = [f"`{study}`", whom, ", ".join(fit["benchmarks"]), " to ".join(fit["window"])]
        rows.append([*told, months(fit), months(fit["mean_trend"]), slowed])
    return markdown(["study", "LLMs", "benchmarks", "window", "frontier", "mean", "P(slowed)"], rows)


@table
def skills(*studies: str) -> list[str]:
    """Rates on each group of benchmarks, and whether skills outpace knowledge."""
    found = {study: results(study) for study in studies}
    names = sorted({name for fit in found.values() for name in fit["groups"]})
    rows = []
    for study, fit in found.items():
        rates = [months(fit["groups"][name]) if name in fit["groups"] else "" for name in names]
        faster = fit.get("probability_skills_faster")
        rows.append([f"`{study}`", *rates, "" if faster is None else probability(faster)])
    return markdown(["study", *names, "P(skills faster)"], rows)


def plain_name(covariate: str) -> str:
    """A covariate as pages call it."""
    return covariate.replace("pace-by-size", "size")


@table
def parts(of: str, *studies: str) -> list[str]:
    """Growth a year of the frontier or the mean, by what it comes from."""
    whole = {study: results(study)["explained"][of]["parts"] for study in studies}
    found = {study: {plain_name(name): part for name, part in parts.items()} for study, parts in whole.items()}
    names = dict.fromkeys(name for one in found.values() for name in one)
    names = [*(name for name in names if name != TOTAL), TOTAL]
    rows = []
    for name in names:
        cells = [yearly(one[name]) if name in one else "" for one in found.values()]
        rows.append([name, *cells])
    return markdown(["growth a year", *(f"`{study.removeprefix('explained-')}`" for study in studies)], rows)


@table
def recipes(*studies: str) -> list[str]:
    """Months in which density doubles, plainly and at equal covariates, by study and estimand."""
    rows = []
    for study in studies:
        plain, found = results(study), results(f"explained-{study}")
        for of, label in (("frontier", "frontier"), ("mean", "mean")):
            told, whole = found["explained"][of], plain if of == "frontier" else plain["mean_trend"]
            equal, together = (months(told["parts"][name]) for name in (RECIPE, TOTAL))
            rows.append([f"`{study}`", label, months(whole), together, equal, months(told["held"])])
    head = [
        "study",
        "estimand",
        "plain",
        "all together",
        "at equal covariates",
        "had tokens per parameter stayed at 20",
    ]
    return markdown(head, rows)


@table
def effects(*studies: str) -> list[str]:
    """Effect of each covariate, its change a year, and how much of its prior scores took away."""
    rows = []
    for study in studies:
        for label, one in results(study)["explained"]["effects"].items():
            against = f" (against {one['against']})" if one["against"] else ""
            rows.append([
                f"`{study.removeprefix('explained-')}`",
                plain_name(label) + against,
                interval(one["effect"], TWO),
                interval(one["growth"], TWO) if "growth" in one else "",
                percent(one["contraction"]),
                str(one["unknown"] or ""),
            ])  # fmt: skip
    return markdown(["study", "covariate", "effect", "change a year", "told by scores", "imputed"], rows)


@table
def effects_by_benchmark(study: str) -> list[str]:
    """Effects on each benchmark, of the covariates whose effects differ there."""
    told = {k: one for k, one in results(study)["explained"]["effects"].items() if "benchmarks" in one}
    names = list(next(iter(told.values()))["benchmarks"])
    rows = [[label, *(interval(one["benchmarks"][name], TWO) for name in names)] for label, one in told.items()]
    return markdown(["effect", *names], rows)


@table
def by_size(*studies: str) -> list[str]:
    """Months in which the frontier doubles for LLMs of a size, and whether small ones are faster."""
    found = {study: results(f"explained-{study}")["explained"] for study in studies}
    sizes_ = list(next(iter(found.values()))["frontier"]["by_size"])
    rows = []
    for study, one in found.items():
        cells = [months(one["frontier"]["by_size"][name]) for name in sizes_]
        rows.append([f"`{study}`", *cells, probability(one["probability_small_faster"])])
    return markdown(["frontier of", *(size(float(name), 1) for name in sizes_), "P(small faster)"], rows)


@table
def paced_forecasts(study: str) -> list[str]:
    """When the frontier of a size has a score, with one pace for all sizes and with a pace for each."""
    rows = [
        [one["name"], *(interval(one[name], ".1f") for name in ("alike", "own"))]
        for one in results(f"explained-{study}")["forecasts"]
    ]
    return markdown(["the frontier of", "one pace for all sizes", "each its own"], rows)


@table
def sizes(study: str) -> list[str]:
    """Doubling time of the frontier by what counts as the size of an LLM."""
    fits = {"total parameters": results(study), **results(f"variants-{study}")}
    rows = [
        [name, months(fit), months(fit["mean_trend"]), fit["diagnostics"]["sentence"]] for name, fit in fits.items()
    ]
    return markdown(["size", "frontier", "mean", "convergence"], rows)


@table
def verdicts(*studies: str) -> list[str]:
    """Verdict of every study, and each check that did not pass."""
    rows = []
    for study in studies:
        fit = results(study)
        doubts = [
            f"**{check['name']}**{' (FAIL)' if check['verdict'] == 'FAIL' else ''}: {literal(check['sentence'])}"
            for check in fit["checks"]
            if check["verdict"] != "PASS"
        ]
        rows.append([f"`{study}`", fit["verdict"], "<br>".join(doubts)])
    return markdown(["study", "verdict", "checks that did not pass"], rows)


@table
def change(study: str) -> list[str]:
    """Mean of releases before and after a change of pace, over all benchmarks and on each."""
    pace = results(study)["change_point"]
    rows = []
    for name, row in {"all benchmarks": pace, **pace["benchmarks"]}.items():
        parts = [row["before"], row["after"]]
        rows.append([name, *(text for part in parts for text in (months(part), chance_of_growth(part)))])
    return markdown(["", "before", "P(growth)", "after", "P(growth)"], rows)


# The published procedure

RATES = {
    "records_points": "records, point estimates",
    "everyone_points": "all LLMs, point estimates",
    "records_posterior": "records, posterior draws",
    "everyone_posterior": "all LLMs, posterior draws",
    "mean_model": "model, mean of releases",
    "frontier_model": "model, frontier (0.95 quantile)",
}
BESIDE = {
    "records_points": "records, points",
    "records_posterior": "records, posterior",
    "everyone_points": "all LLMs, points",
    "frontier_model": "model frontier",
}


def _window(window: dict[str, Any]) -> str:
    return "all releases" if window["name"] == "all releases" else f"to {window['end']}"


@table
def replication(study: str) -> list[str]:
    """Every method in every window of one study."""
    windows = results(f"paper-{study}")["windows"]
    ends = [f"{_window(window)} ({window['n_llms']} LLMs)" for window in windows]
    claims = ["; ".join(number(claim[MONTHS]["median"]) for claim in window["claims"]) for window in windows]
    rows = [["claimed", *claims]] if any(claims) else []
    for key, name in RATES.items():
        rates = [window["rates"][key] for window in windows]
        rows.append([name, *(months(rate) for rate in rates)])
        if key == "records_points":
            rows.append(["the same, textbook t interval", *(ends_text(rate["t_interval"][MONTHS]) for rate in rates)])
            rows.append(["the same, R2", *(f"{rate['r_squared']:.2f}" for rate in rates)])
    return markdown(["", *ends], rows)


@table
def references(*studies: str) -> list[str]:
    """A few methods in every window of other studies."""
    rows = []
    for study in studies:
        windows = results(f"paper-{study}")["windows"]
        for key, name in BESIDE.items():
            rows.append([f"`{study}`, {name}", *(months(window["rates"][key]) for window in windows)])
    return markdown(["", *map(_window, windows)], rows)


@table
def chinchilla() -> list[str]:
    """Natural parameters under three kinds of noise beside the published ones, 95 % intervals."""
    published = {
        "E": (1.817, 1.769, 1.871),
        "alpha": (0.348, 0.317, 0.373),
        "beta": (0.366, 0.331, 0.415),
        "A": (482, 285, 744),
        "B": (2085, 1042, 5810),
    }
    fits = [results(f"law-chinchilla-{noise}")["parameters"] for noise in ("laplace", "t2", "t4")]
    rows = []
    for name, ends in published.items():
        form = ".0f" if name in "AB" else ".3f"
        given = dict(zip(("median", "lower", "upper"), ends, strict=True))
        rows.append([name, *(interval(part, form) for part in (given, *(fit[name] for fit in fits)))])
    return markdown(["", "published", "Laplace", "Student-t, 2", "Student-t, 4"], rows)


@table
def states(suite: str) -> list[str]:
    """Most probable way in which each benchmark scales along a ladder."""
    rows = [
        [name, row["state"], probability(row[row["state"]])] for name, row in results(f"law-{suite}")["states"].items()
    ]
    return markdown(["benchmark", "most probable state", "probability"], rows)


@table
def law_comparison(suite: str) -> list[str]:
    """Laws by how well they predict losses left out, best first."""
    rows = [
        [f"`{law['law']}`", f"{-law['difference']:z.0f} ({law['difference_se']:.0f})", law["converged"]]
        for law in results(f"law-{suite}")["comparison"]
    ]
    return markdown(["law", "elpd below the best (se)", "convergence"], rows)


@table
def forms() -> list[str]:
    """Forms of the frontier, best predictor of families first."""
    rows = []
    for form in results("forms")["fits"]:
        less = f"{-form['difference']:z.1f} ({form['difference_se']:.1f})" if form["difference"] else "0"
        rows.append(
            [
                f"{form['name']}: {form['dispersion']}, {form['trend']}",
                less,
                f"{form['weight']:.2f}",
                f"{form['max_rhat']:.3f}, {form['min_ess_bulk']:.0f}",
                interval(form[MONTHS]),
                interval(form["mean_trend"][MONTHS]),
                f"{form['probability_slowing']:.2f}",
            ]
        )
    head = ["form: dispersion, trend", "elpd below the best (se)", "weight", "R-hat, ESS"]
    return markdown([*head, "frontier", "mean", "P(slowing)"], rows)


@table
def specifications() -> list[str]:
    """Every variant of the standard grid."""
    rows = [
        [
            "**the study as it is**" if row["variant"] == "default" else row["variant"],
            interval(row[MONTHS], ".1f"),
            f"{row['width_ratio']:.2f}",
            str(row["n_llms"]),
            str(row["n_scores"]),
            row["window_start"][:7],
            f"{row['max_rhat']:.3f}",
            f"{row['rate_mcse']:.3f}",
        ]
        for row in results("sensitivity")["variants"]
    ]
    return markdown(["variant", "months", "width", "LLMs", "scores", "from", "R-hat", "MCSE"], rows)


@table
def decomposition() -> list[str]:
    """Shares of the variance of the rate."""
    rows = [
        [row["source"], f"{row['sd']:.2f}", f"{100 * row['share']:.1f} %"]
        for row in results("sensitivity")["decomposition"]
    ]
    rows.append(["the other axes", "below 0.02 each", "below 0.1 %"])
    return markdown(["source", "standard deviation of the rate a year", "share of the variance"], rows)


@table
def influence() -> list[str]:
    """What moves the rate most when it is left out."""
    rows = [
        [
            literal(row["name"]),
            row["left_out"],
            str(row["n_scores"]),
            interval(row[MONTHS]),
            f"{row['shift']:+.2f} ({row['shift_mcse']:.2f})",
            f"weights, k {row['pareto_k']}" if row["method"] == "weights" else "a fit",
        ]
        for row in results("sensitivity")["influence"]
    ]
    head = ["left out", "kind", "scores", "months", "change of the rate a year (Monte Carlo error)", "by"]
    return markdown(head, rows)


def density_ends(row: dict[str, float], name: str) -> str:
    """Median and interval of a density, from those of its logarithm."""
    return interval({end: math.exp(row[f"{name}_{end}"]) for end in ("median", "lower", "upper")})


@table
def backtest() -> list[str]:
    """Coverage and error of predictions after each cut-off."""
    rows, found = [], results("backtest")
    for name, score in found["scores"].items():
        cutoff = found["cutoffs"].get(name)
        shares = (percent(score["coverage_50%"]), percent(score["coverage_90%"]))
        frontier = [density_ends(cutoff, part) if cutoff else "" for part in ("frontier_predicted", "frontier_known")]
        known = f"{cutoff['n_known']:.0f}" if cutoff else ""
        rows.append([name, known, f"{score['n']:.0f}", *shares, f"{score['crps']:.2f}", *frontier])
    head = ["cut-off", "LLMs known", "later", "in the 50 % interval", "in the 90 % interval", "CRPS"]
    return markdown([*head, "frontier a year on, as predicted", "as known now"], rows)


ASKED = {
    "score": "best score up to a size",
    "date": "date of a score",
    "size": "smallest size with a score",
}


@table
def forecasts(by: str) -> list[str]:
    """Coverage and error of forecasts of records, by what was asked, by cut-off or by benchmark."""
    rows = []
    for name, row in results("backtest")["forecasts"][by].items():
        shares = [percent(row[part]) for part in ("coverage_50%", "coverage_90%", "calibrated_90%")]
        missed = f"{percent(row['below_90%'])} and {percent(row['above_90%'])}"
        ratios = [f"{row[f'to_{naive}']:.2f}" for naive in ("unchanged", "line")]
        rows.append([ASKED.get(name, name), f"{row['n']:.0f}", *shares, missed, *ratios])
    head = ["in the 50 % interval", "in the 90 % interval", "ties shared out", "below and above the 90 %"]
    return markdown([by, "forecasts", *head, "CRPS over no change", "CRPS over a line"], rows)


QUANTITIES = {
    "frontier at the start": "frontier at the start of the window",
    "frontier at the end": "frontier at its end",
    "densities of LLMs": "densities of the LLMs",
    "published procedure, bootstrap": "*published procedure, bootstrap*",
    "published procedure, textbook": "*published procedure, textbook interval*",
}
LEVELS = ("50%", "80%", "90%", "95%")


def signed(bias: float) -> str:
    """A bias with its sign."""
    return f"{bias:+z.2f}"


@table
def covariate_worlds() -> list[str]:
    """Coverage of what covariates add, in worlds where they have effects and where they have none."""
    drawn, none = (
        {row["quantity"]: row for row in results(f"covariates:{name}")} for name in ("as-modelled", "no-effects")
    )
    rows = []
    for name, row in drawn.items():
        if not name.startswith(("rate of", "effect of", "yearly", "growth: ")):
            continue
        said = name.replace("rate of the", "rate at equal covariates, of the").replace("growth: ", "growth from ")
        said = said.replace(f"growth from {TOTAL}", "growth all together")
        cells = [f"{row[f'covered_{level}']:.2f}" for level in ("50%", "90%")]
        rows.append([said, *cells, signed(row["bias"]), f"{row['rmse']:.2f}", f"{none[name]['covered_90%']:.2f}"])
    head = [
        "intervals that hold the truth",
        "50 %",
        "90 %",
        "bias",
        "error of the median",
        "90 % where there are no effects",
    ]
    return markdown(head, rows)


@table
def calibration() -> list[str]:
    """Coverage of every quantity in worlds that follow the model."""
    rows = []
    for row in results("as-modelled"):
        inside = row["inside_band"]
        uniform = {True: "yes", False: "no", None: ""}[inside] if inside is None or isinstance(inside, bool) else None
        rows.append(
            [
                QUANTITIES.get(row["quantity"], row["quantity"]),
                *(f"{row[f'covered_{level}']:.2f}" for level in LEVELS),
                signed(row["bias"]),
                *(f"{row[name]:.2f}" for name in ("rmse", "width")),
                f"{percent(inside)} of LLMs" if uniform is None else uniform,
            ]
        )
    head = ["share of intervals that cover the truth", *(level.replace("%", " %") for level in LEVELS)]
    return markdown([*head, "bias", "error of the median", "width of 90 %", "ranks uniform"], rows)


@table
def halving(name: str) -> list[str]:
    """Months in which price halves, by what is held fixed."""
    found = results(name)
    benchmark = found["benchmark"]
    rows = [[f"quality ({benchmark})", "all LLMs", found, None]]
    rows += [
        [f"quality, LLMs released in {date[:4]}", "all LLMs", fall, None] for date, fall in found["at_dates"].items()
    ]
    rows += [
        [f"quality ({benchmark} {level})", "all LLMs", fall, found["records_months"][level]]
        for level, fall in found["by_level"].items()
    ]
    rows += [["quality", kind, fall, None] for kind, fall in found["by_kind"].items()]
    rows += [["line of a provider", "closed", found["provider_line"], None]] if found["provider_line"] else []
    rows += [["the LLM", kind, fall, None] for kind, fall in found["same_llm"].items()]
    head = ["held fixed", "of", "months to halve", "records, as published"]
    return markdown(
        head, [[held, of, interval(fall["halving_time_months"]), number(by)] for held, of, fall, by in rows]
    )


@table
def published_halving() -> list[str]:
    """Published halving times, as stated or from the factor a year."""
    rows = [[row["claim"], number(row["months"]), row["source"]] for row in results("prices")["published"]]
    return markdown(["claim", "months to halve", "source"], rows)


@table
def hardware(study: str) -> list[str]:
    """Hardware, and what it gives with density."""
    rows = []
    for found in results(f"chips-{study}")["hardware"].values():
        years = {end: found[MONTHS][end] / 12 for end in ("median", "lower", "upper")}
        mark = " (interval assumed)" if found["interval_assumed"] else ""
        rows.append([f"{found['what']}{mark}", interval(years, ".2f"), months(found["runnable"]), found["source"]])
    return markdown(["what doubles", "years to double", "with density, months", "source"], rows)


@table
def constants(study: str) -> list[str]:
    """Days to double that the published growth rates give, alone and with chips."""
    rows = results(f"chips-{study}")["published"]["by_constant"]
    return markdown(
        ["A a day", "days to double", "with chips"],
        [[f"{row['A']:g}", f"{row['days']:.1f}", f"{row['with_chips']:.1f}"] for row in rows],
    )


WORLDS = {
    "as-modelled": "as modelled",
    "exponential": "inefficiency is exponential",
    "student-t": "inefficiency is half a Student-t with 3 degrees of freedom",
    "lineages": "families of one lineage share part of their density (correlation 0.7)",
    "growing-lower-tail": "only the lower side of the spread between families grows, by 0.6 a year",
    "weak-labs-late": "families 1.5 below the others are more and more of all that are released",
    "bending-link": "beyond the reference an e-fold of size counts for 0.4 to 2.3, by benchmark",
    "quadratic": "the rate falls by a further 0.6 a year",
    "break": "the rate falls at once by 1 a year",
    "inflated": "the harness with most scores adds half a logit",
    "single-inflated": "scores that are the only one of their cell add half a logit",
    "late-inflated": "all scores gain 0.1 logits a year",
    "copied": "half of the cells with several scores repeat one",
    "records": "only LLMs within a factor of two of the record are published",
    "moe-size": "the size of a mixture of experts is a third of its parameters",
    "contaminated": "half of the later LLMs gain 0.7 logits on one benchmark",
}
ALWAYS = ("convergence", "extrapolation")
"""Checks that need attention in every world of these few draws."""
SELDOM = 0.1
"""Share of worlds above which a check is named."""


@table
def worlds(folder: str = "worlds") -> list[str]:
    """Coverage and bias in worlds that depart from the model, and which checks notice."""
    rows = []
    for row in results(f"{folder}:worlds"):
        noticed = [
            f"{check} {percent(share)}"
            for column, share in row.items()
            if (check := column.removeprefix("check ")) != column and check not in ALWAYS and share > SELDOM
        ]
        rates = [
            f"{row[f'covered_{part}']:.2f} ({signed(row[f'bias_{part}'])})"
            for part in ("frontier", "mean", "published")
        ]
        shares = [f"{row[f'covered_{part}']:.2f}" for part in ("benchmarks", "densities")]
        rows.append([WORLDS.get(row["world"], row["world"]), *rates[:2], *shares, rates[2], ", ".join(noticed)])
    return markdown(["world", "frontier", "mean", "benchmarks", "densities", "published", "noticed by"], rows)


@table
def shelf_lives(study: str) -> list[str]:
    """The published examples of shelf life, beside what a fit says."""
    found = results(f"shelf-life-{study}")
    rows = [
        [
            literal(one["claim"]),
            number(one["published_months"]),
            *(interval(found[of][k]["ours_months"]) for of in found),
            literal(one["source"]),
        ]
        for k, one in enumerate(found["frontier"])
    ]
    return markdown(["claim", "published", "frontier", "typical release", "first release", "source"], rows)


@table
def lag(study: str, size: str) -> list[str]:
    """Lag of a size behind the records, by benchmark and pooled."""
    found = results(f"lag-{study}")[size]
    every = [*found["benchmarks"].items(), ("all", found)]
    rows = [
        [
            name,
            number(row["n_records"]),
            interval(row["lag_months"]),
            _points(row["lag_score"]),
            probability(row["probability_matched_by_end"]),
        ]
        for name, row in every
    ]
    return markdown(["benchmark", "records", "months behind", "points below", f"P(matched by {found['until']})"], rows)


def _points(share: dict[str, float]) -> str:
    return interval({end: 100 * share[end] for end in ("median", "lower", "upper")}, ".1f")


@table
def forecast_answers() -> list[str]:
    """What is asked of what is to come, for the frontier and for the best of all releases."""
    rows = dict[str, list[str]]()
    for one in results("forecasts"):
        asked = next(name for name in ("date", "params", "score") if isinstance(one[name], dict))
        rows.setdefault(one["question"], [one["question"], asked.replace("params", "size")]).append(
            _forecast(one, asked)
        )
    return markdown(["question", "answer", "frontier", "best of all releases"], list(rows.values()))


@table
def forecast_forms() -> list[str]:
    """The first question by each form of the trend."""
    first = next(one for one in results("forecasts") if one["of"] == "frontier")
    rows = [[fit["trend"], f"{fit['weight']:.2f}", _forecast(fit, "date")] for fit in first["fits"].values()]
    return markdown(["trend", "weight", "date"], [*rows, ["mixed", "", _forecast(first, "date")]])


@table
def placed() -> list[str]:
    """What each score of a placed model says."""
    rows = [
        [
            name,
            f"{one['score']:g}",
            interval(one["density"]),
            f"{one['weight']:.0%}",
            probability(one["probability_so_far"]),
        ]
        for name, one in results("placed")["benchmarks"].items()
    ]
    return markdown(["benchmark", "score", "density on it", "weight", "P(so far from the others)"], rows)


def _forecast(one: dict[str, Any], asked: str) -> str:
    if asked == "date":
        return f"{one['date']['median']} [{one['date']['lower']}, {one['date']['upper']}]"
    if asked == "score":
        return interval(one["score"], ".2f")
    return interval({end: one["params"][end] / 1e9 for end in ("median", "lower", "upper")}) + "B"
