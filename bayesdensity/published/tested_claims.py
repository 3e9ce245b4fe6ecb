"""Which quantity of a fit each published claim is tested by.

To add a claim, add its row to ``data/claims.csv``, and here an entry of `TESTS`, made by one of the functions below, or
of `UNTESTABLE`, with the reason. A test gives what stands beside the claim, an estimate in the units of the claim or
the reason why this fit has none, as often as there is something to say: over the window of the paper and over that of
the study.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bayesdensity import quantities as q
from bayesdensity.base.format import chance
from bayesdensity.data.claims import DAYS_PER_MONTH
from bayesdensity.inference.result import Fit
from bayesdensity.published.record_draws import record_r_squared
from bayesdensity.published.windows import PUBLISHED_ENDS
from bayesdensity.study.phrases import yardstick

FIRST, CHATGPT = "2023-02-24", "2022-11-30"
"""Releases of Llama-1, with which the published trends begin, and of ChatGPT."""
V2, JOURNAL = PUBLISHED_ENDS.values()
CHIP_YEARS, DAYS_PER_YEAR = 2.1, 365.25
"""Years in which a price buys twice the chip: the constant behind the 88 days."""
LLAMA_1 = ("LLaMA-7B", "LLaMA-13B", "LLaMA-65B")
"""The sizes that the paper shows."""
MMLU, FRONTIER = "MMLU", "frontier"
BENCHMARKS = frozenset({MMLU, "BBH", "MATH", "HumanEval", "MBPP"})
"""Of the paper; to growth on none of these its claims do not apply."""


class Ours(NamedTuple):
    """What a fit has to say to a claim."""

    what: str
    """What it is, in words."""
    estimate: q.Estimate | None = None
    """In the units of the claim."""
    why: str = ""
    """Why there is none."""


Test = Callable[[Fit, float], list[Ours]]
"""From a fit and the probability of intervals."""
Unit = Callable[[q.Estimate], q.Estimate]
"""From a rate in natural logarithms a year to what a claim is stated in."""


# Units


def per_day(rate: q.Estimate) -> q.Estimate:
    """A, in natural logarithms a day."""
    return replace(rate, draws=rate.draws / DAYS_PER_YEAR, units="natural logarithms a day")


def in_days(rate: q.Estimate) -> q.Estimate:
    """Days in which density doubles."""
    months = q.doubling_time(rate)
    return replace(months, draws=months.draws * DAYS_PER_MONTH, units="days")


def with_chips(rate: q.Estimate) -> q.Estimate:
    """Days in which the effective size doubles that a price runs, where chips double in the years that were stated."""
    return in_days(replace(rate, draws=rate.draws + np.log(2) / CHIP_YEARS))


def share_after(months: float) -> Unit:
    """Share of the parameters that is as able so many months later."""

    def share(rate: q.Estimate) -> q.Estimate:
        draws = rate.draws.copy(data=np.exp(-rate.draws.to_numpy() * months / q.MONTHS))
        return replace(rate, draws=draws, units="ratio")

    return share


# Tests


def trend(end: str, unit: Unit, before: str = "") -> Test:
    """Growth of the frontier, over the releases that a version analyses and over all of the study.

    Parameters
    ----------
    end : str
        ISO date of the last release that the version analyses.
    unit : callable
        Of the claim.
    before : str
        What the words begin with.
    """

    def test(fit: Fit, ci: float) -> list[Ours]:
        windows, what = _windows(fit, end), f"{before}{FRONTIER}"
        if not BENCHMARKS.intersection(fit.study.benchmarks):
            return [Ours(what, why=_ELSEWHERE)]
        found = [Ours(f"{what}, {start} to {last}", unit(q.rate(fit, (start, last), ci=ci))) for start, last in windows]
        return found or [Ours(what, why=_ONE_DAY)]

    return test


def on_mmlu(after: bool, unit: Unit) -> Test:
    """Growth on MMLU on one side of the release of ChatGPT: of the mean where the study states a change of pace."""
    side = "after" if after else "before"

    def test(fit: Fit, ci: float) -> list[Ours]:
        what = f"growth on {MMLU} {side} ChatGPT"
        if MMLU not in fit.data["benchmark"].to_numpy():
            return [Ours(what, why=f"{MMLU} is no benchmark of this fit.")]
        form = fit.study.frontier
        if form.trend == "change-point" and str(form.break_date) == CHATGPT:
            change = q.change_point(fit, ci)
            rates = change.after_by_benchmark if after else change.before_by_benchmark
            what = f"mean of releases on {MMLU}, {side} the change of pace stated at {CHATGPT}"
            return [Ours(what, unit(rates.sel(benchmark=MMLU)))]
        start, last = q.window(fit)
        start, last = (max(start, CHATGPT), min(last, V2)) if after else (start, CHATGPT)
        if not start < last:
            why = (
                f"the releases of this fit begin on {q.window(fit)[0]}; 'bayesdensity fit chatgpt-break' asks for both "
                "sides."
            )
            return [Ours(what, why=why)]
        rates = q.rate_by_benchmark(fit, (start, last), ci=ci).sel(benchmark=MMLU)
        return [Ours(f"{FRONTIER}, on {MMLU}, average over {start} to {last}", unit(rates))]

    return test


def r_squared(end: str) -> Test:
    """Share of the variance that a line takes through the records of each draw."""

    def test(fit: Fit, ci: float) -> list[Ours]:
        what, windows = "R² of the records of each draw", _windows(fit, end)
        if not BENCHMARKS.intersection(fit.study.benchmarks):
            return [Ours(what, why=_ELSEWHERE)]
        found = [
            Ours(f"{what}, {start} to {last}", record_r_squared(fit, ci, (start, last))) for start, last in windows
        ]
        return found or [Ours(what, why=_ONE_DAY)]

    return test


def density_of(*llms: str) -> Test:
    """Density of named LLMs, each in what the fit counts sizes in."""

    def test(fit: Fit, ci: float) -> list[Ours]:
        known = [llm for llm in llms if _has(fit, llm)]
        if not known:
            return [_absent(fit, "density", *llms)]
        said = f"in parameters of {yardstick(fit.study.reference)}"
        return [Ours(f"density of {llm}, {said}", q.density(fit, ci).sel(llm=llm)) for llm in known]

    return test


def density_ratio(over: str, *under: str) -> Test:
    """Density of an LLM over that of others; sizes may be counted in whatever."""

    def test(fit: Fit, ci: float) -> list[Ours]:
        known = [llm for llm in under if _has(fit, llm)]
        if not _has(fit, over) or not known:
            return [_absent(fit, "ratio of densities", over, *under)]
        return [Ours(f"density of {over} over that of {llm}", q.density_ratio(fit, over, llm, ci)) for llm in known]

    return test


def size_share(child: str, parent: str, months: float, end: str) -> Test:
    """Share of the parameters of an LLM at which another is as able, and that at which the frontier would be.

    Parameters
    ----------
    child, parent : str
        The later and the earlier LLM.
    months : float
        Between their releases, as it was stated.
    end : str
        ISO date of the last release that the version analyses.
    """

    def test(fit: Fit, ci: float) -> list[Ours]:
        by_trend = trend(end, share_after(months), f"share of a size that is as able {months:g} months later, by the ")
        if not (_has(fit, child) and _has(fit, parent)):
            return [_absent(fit, "share of the size", child, parent), *by_trend(fit, ci)]
        ratio = q.density_ratio(fit, parent, child, ci)
        size = q.effective_size(fit).draws
        able = float((size.sel(llm=child) >= size.sel(llm=parent)).mean())
        what = f"share of the size of {parent} at which {child} is as able; P(it is, at its own size) {chance(able)}"
        return [Ours(what, replace(ratio, what=what)), *by_trend(fit, ci)]

    return test


# Reasons


def reference_tokens(fit: Fit, ci: float) -> list[Ours]:
    """Tokens of the reference are chosen, not found."""
    counted = fit.study.reference
    has = "has none" if counted.kind == "family" else "states its own"
    why = f"a choice, not a finding; this fit counts sizes in parameters of {yardstick(counted)}, and so {has}."
    return [Ours("tokens of the reference", why=why)]


def llms_until(end: str) -> Test:
    """Numbers of LLMs are of a sample."""

    def test(fit: Fit, ci: float) -> list[Ours]:
        dates = fit.data["release_date"].to_numpy().astype(str)
        inside = int(((dates >= FIRST) & (dates <= end)).sum())
        why = f"the size of a sample, not a finding; this fit has {inside} LLMs released from {FIRST} to {end}."
        return [Ours("LLMs", why=why)]

    return test


def because(why: str) -> Test:
    """No fit can test it."""
    return lambda fit, ci: [Ours("", why=why)]


_ELSEWHERE = "this fit has none of the benchmarks of the paper."
_ONE_DAY = "all releases of this fit are of one day."
_PUBLICATION = because("a fact of the publication.")
_REFERENCE = because("it describes the reference of the paper, whose losses and scores are not published.")
_PRICES = because("a fit holds no prices.")
_FACTS = because("it is of scores on a test of facts that the tables do not have, at given size.")
_MMLU_CF = because(
    "MMLU-CF is not in the tables of scores; published scores on it are of chat models, hardly of base ones."
)
_LATENCY = because("the tables hold no times of inference.")
_COSTS = because("a fit holds no costs.")

TESTS: dict[str, Test] = {
    "doubling time, v2, highlights": trend(V2, q.doubling_time),
    "doubling time, v2, section 3.3": trend(V2, in_days),
    "doubling time, journal version": trend(JOURNAL, q.doubling_time),
    "doubling time on MMLU, before ChatGPT": on_mmlu(False, q.doubling_time),
    "doubling time on MMLU, after ChatGPT": on_mmlu(True, q.doubling_time),
    "growth rate A, v2, highlights": trend(V2, per_day),
    "growth rate A, v2, section 3.3": trend(V2, per_day),
    "growth rate A, v2, MMLU before ChatGPT": on_mmlu(False, per_day),
    "growth rate A, v2, MMLU after ChatGPT": on_mmlu(True, per_day),
    "growth rate A, journal version": trend(JOURNAL, per_day),
    "growth rate A, journal version, public benchmarks": trend(JOURNAL, per_day),
    "R2, v2, highlights": r_squared(V2),
    "R2, v2, section 3.3": r_squared(V2),
    "R2, journal version": r_squared(JOURNAL),
    "reference tokens D0, v2": reference_tokens,
    "reference tokens D0, journal version": reference_tokens,
    "LLMs, v2": llms_until(V2),
    "LLMs, journal version": llms_until(JOURNAL),
    "density of Gemma-2-9B, v2": density_of("Gemma-2-9B"),
    "density of Gemma-2-9B, journal version": density_of("Gemma-2-9B"),
    "density of Llama-1, v2": density_of(*LLAMA_1),
    "density of Gemma-2-9B over that of Llama-1, v2": density_ratio("Gemma-2-9B", *LLAMA_1),
    "parameters of MiniCPM-1-2.4B over those of Mistral-7B, as able after 4 months, v2": size_share(
        "MiniCPM-2B", "Mistral-7B-v0.1", 4, V2
    ),
    "parameters of MiniCPM-3-4B over those of Gemma-2-9B, as able after 2 months": size_share(
        "MiniCPM3-4B", "Gemma-2-9B", 2, V2
    ),
    "density of Llama-3.2-3B over that of its parent Llama-3.1-8B, v2": density_ratio("Llama-3.2-3B", "Llama-3.1-8B"),
    "density of Llama-3.2-1B over that of its parent Llama-3.1-8B, v2": density_ratio("Llama-3.2-1B", "Llama-3.1-8B"),
    "density of Llama-3.1-Minitron-4B over that of its parent Llama-3.1-8B, v2": density_ratio(
        "Llama-3.1-Minitron-4B-Depth", "Llama-3.1-8B"
    ),
    "density of Gemma-2-9B over that of its teacher Gemma-2-27B, v2": density_ratio("Gemma-2-9B", "Gemma-2-27B"),
    "density of Gemma-2-2B over that of its teacher Gemma-2-27B, v2": density_ratio("Gemma-2-2B", "Gemma-2-27B"),
    "effective size at a fixed price": trend(V2, with_chips, f"with chips that double in {CHIP_YEARS} years, the "),
}
"""By claim."""

UNTESTABLE: dict[str, Test] = {
    "intercept B": because("it was not published."),
    "origin of time": because("a choice of the origin, which no growth depends on."),
    "growth rate A, journal version, density by inference time": _LATENCY,
    "growth rate A, journal version, MMLU-CF": _MMLU_CF,
    "R2, journal version, MMLU-CF": _MMLU_CF,
    "density by inference time": _LATENCY,
    "density of quantized variants": because("no LLM of the tables is quantized."),
    "first releases": because("a choice of the sample, which the windows here follow."),
    "last releases": because("a choice of the sample, which the windows here follow."),
    "chips": because("it is of hardware, which a fit knows nothing of."),
    "price": _PRICES,
    "halving of price": _PRICES,
    "training of": _COSTS,
    "reference models": _REFERENCE,
    "reference sizes": _REFERENCE,
    "IKP": _FACTS,
    "submission": _PUBLICATION,
    "latest version": _PUBLICATION,
    "citation": _PUBLICATION,
    "received": _PUBLICATION,
    "licence": _PUBLICATION,
}
"""By how the name of a claim begins."""


def asked_of(claim: str) -> Test:
    """The test of a claim by its name: its own, or that of the longest beginning that `UNTESTABLE` has."""
    begins = [name for name in UNTESTABLE if claim.startswith(name)]
    return TESTS[claim] if claim in TESTS else UNTESTABLE[max(begins, key=len)]


def _windows(fit: Fit, end: str) -> list[tuple[str, str]]:
    """The window of a version where the fit has releases in it, and that of the study."""
    first, last = q.window(fit)
    published, whole = (max(first, FIRST), min(last, end)), (first, last)
    return ([published] if published[0] < published[1] else []) + (
        [whole] if whole != published and first < last else []
    )


def _has(fit: Fit, llm: str) -> bool:
    return llm in fit.data["llm"].to_numpy()


def _absent(fit: Fit, what: str, *llms: str) -> Ours:
    missing = [llm for llm in llms if not _has(fit, llm)]
    verb = "is" if len(missing) == 1 else "are"
    return Ours(what, why=f"{' and '.join(missing)} {verb} not among the LLMs of this fit.")
