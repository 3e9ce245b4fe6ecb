"""Which of its priors a study uses: the model reads no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayesdensity.laws.trends import TRENDS

if TYPE_CHECKING:
    from bayesdensity.study.spec import Reference, Study

EVERY_STUDY = ("level", "rate", "ceiling_gap", "cell_scatter", "overdispersion", "harness_scale")
BETWEEN_BENCHMARKS = (
    *("level_spread", "slope_spread", "group_slope_spread"),
    *("link_contrast", "link_slope_spread", "beyond_contrast"),
)
FAMILY = (
    *("size_exponent", "size_exponent_spread", "recipe_residual"),
    *("link_contrast", "link_slope", "link_slope_spread"),
)
SEVERAL_FAMILIES = ("reference_offset", "reference_stretch")
BEYOND = ("beyond_stretch", "beyond_contrast")
LADDER = ("law_misfit", "map_slope", "map_scatter", "map_overdispersion")


def priors_used(study: Study) -> frozenset[str]:
    """Names of the priors whose numbers the model of a study reads."""
    frontier, trend = study.frontier, TRENDS[study.frontier.trend]
    used = {
        *EVERY_STUDY,
        "level_spread",
        "slope_spread",
        *_of_reference(study.reference),
        *_of_law(study),
        *filter(None, frontier.scales),
    }
    used |= {name for name in trend.priors if name != "break_position" or frontier.break_date is None}
    used |= {"total_share"} if study.llms.size == "inferred" else set()
    used |= {"group_slope_spread"} if frontier.rates_by_group else set()
    used |= {"score_inflation"} if study.scores.inflation else set()
    return frozenset(used - (set(BETWEEN_BENCHMARKS) if len(study.benchmarks) == 1 else set()))


def _of_reference(reference: Reference) -> tuple[str, ...]:
    beyond = BEYOND if reference.beyond == "misfit" else ()
    if reference.kind == "ladder":
        return LADDER + beyond
    return FAMILY + beyond + (SEVERAL_FAMILIES if len(reference.families) > 1 else ())


def _of_law(study: Study) -> set[str]:
    """Those of the law of a ladder, or of the loss-only suites of a family, which share its population of exponents."""
    reference, form = study.reference, study.law.form
    if reference.kind == "family" and not reference.loss_suites:
        return set()
    pooled = {form.elasticities["size_exponent"]} if reference.kind == "family" else set()
    return {"loss_noise", *form.coordinates} - pooled
