"""The answer of a fit in three sentences that may be quoted: each number with its interval, window and estimand."""

from __future__ import annotations

from bayesdensity import quantities as q
from bayesdensity.base.format import chance, enumerated, fixed, interval
from bayesdensity.checks import checks_of, passed
from bayesdensity.inference.result import Fit
from bayesdensity.render.blocks import Block, Paragraph, Section, Verdicts
from bayesdensity.render.sections.growth import moved
from bayesdensity.render.sources import Source
from bayesdensity.study.phrases import estimand_phrase

MEANS = {
    "PASS": "That does not prove the model right: it says that nothing looked for was found.",
    "REVIEW": "The result may be cited after a look at what they found.",
    "FAIL": "This result should not be cited as it is.",
}
CENSORED = ", beyond whose best score a score says only that"
NOT_CONVERGED = "The sampler did not pass: fit again, with more draws or another seed, before a number is cited."


def answer(source: Source) -> Section:
    """Three sentences to quote, and the worst verdict."""
    verdicts = Verdicts(checks_of(source.fit))
    worst = verdicts.verdict
    means = MEANS[worst] if worst == "FAIL" or passed(verdicts.checks) else NOT_CONVERGED
    blocks: list[Block] = [Paragraph(text, "answer") for text in answer_sentences(source.fit, source.ci)]
    blocks.append(Paragraph(f"{verdicts.sentence} {means}", worst))
    return Section("answer", "The answer", tuple(blocks))


def answer_sentences(fit: Fit, ci: float = q.DEFAULT_CI) -> list[str]:
    """What a fit says of the frontier, of the mean and of the pace, and of the benchmarks.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals.

    Returns
    -------
    list of str
        Of the frontier, what of it rests inside the range of the yardstick, the mean and the pace, and the benchmarks
        where there are several.
    """
    told = [_frontier(fit, ci), _inside(fit, ci), _pace(fit, ci)]
    return [*filter(None, told), *([_benchmarks(fit, ci)] if len(fit.study.benchmarks) > 1 else [])]


def _inside(fit: Fit, ci: float) -> str:
    """What is left of the frontier without the far end of the yardstick; nothing where nobody asked."""
    inside = q.inside_range(fit)
    if inside is None:
        return ""
    if inside is fit:
        return "" if fit.data.attrs["censored"] else "No score lies beyond what the yardstick reaches."
    rates = q.rate(inside, ci=ci)
    return (
        f"Inside the yardstick's range, where scores beyond it say only that they lie beyond, it "
        f"{moved(rates)}; P(it grew) {chance(float(q.probability_positive(rates)))}."
    )


def _frontier(fit: Fit, ci: float) -> str:
    (start, end), rates = q.window(fit), q.rate(fit, ci=ci)
    frontier = estimand_phrase("frontier", fit.study.frontier.quantile, "capability density")
    return (
        f"From {start} to {end} the {frontier} {moved(rates)} ({ci:.0%} interval; "
        f"P(it grew) {chance(float(q.probability_positive(rates)))}), by the scores of {fit.about['n_llms']} LLMs on "
        f"{enumerated(fit.study.benchmarks)} and with {fit.study.reference.yardstick} as the yardstick"
        f"{CENSORED if fit.data.attrs['censored'] else ''}."
    )


def _pace(fit: Fit, ci: float) -> str:
    mean = f"The mean of ln density among releases {moved(q.rate(fit, estimand='mean', ci=ci))}"
    if fit.study.frontier.steady:
        return f"{mean}, over the same window."
    rates = q.rate_at(fit, q.window(fit), ci=ci)
    yearly, unit = rates.to_frame(), "natural logarithms a year"
    shown = yearly.apply(interval, axis=1, form=fixed(2))
    if (yearly["lower"] > 0).all():
        shown, unit = q.doubling_time(rates).to_frame().apply(interval, axis=1), "months to double"
    return (
        f"{mean}, over the same window; P(the pace of that quantile slowed over the window) "
        f"{chance(q.probability_slowing(fit))}: {shown.iloc[0]} {unit} at its start, {shown.iloc[1]} at its end."
    )


def _benchmarks(fit: Fit, ci: float) -> str:
    rates = q.rate_by_benchmark(fit, ci=ci)
    months, yearly = q.doubling_time(rates).to_frame(), rates.to_frame()["median"]
    fast, slow = yearly.idxmax(), yearly.idxmin()
    faster = float(q.probability_faster(fit).sel(benchmark=fast, than=slow))
    return (
        f"By benchmark the quantile moves fastest on {fast}, where it {moved(rates.sel(benchmark=fast))}, and slowest "
        f"on {slow} ({interval(months.loc[slow])}); P({fast} moves faster than {slow}) {chance(faster)}."
        f"{_skills(fit)}"
    )


def _skills(fit: Fit) -> str:
    """Whether skills outpace knowledge, where there is one benchmark or more of each."""
    if not q.asks_for_both(fit):
        return ""
    return f" P(density grows faster on skills than on knowledge) {chance(q.probability_skills_faster(fit))}."
