"""A study: what to infer, from which rows, under which priors. Frozen data that knows nothing of PyMC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from bayesdensity import laws
from bayesdensity.base.cards import Card, Shown
from bayesdensity.base.errors import one_of
from bayesdensity.base.part import Part, Prose, Title
from bayesdensity.base.prior import Prior
from bayesdensity.laws.families import DISPERSIONS, Dispersion
from bayesdensity.laws.forms import FORMS, SCALE_PRIORS, SYMMETRIC, Form, Scales
from bayesdensity.laws.trends import TRENDS
from bayesdensity.study.covariates import SIZE, Covariate
from bayesdensity.study.digests import digest_of, fingerprint_of, what_is_read
from bayesdensity.study.phrases import estimand_phrase
from bayesdensity.study.prior_use import priors_used

LabType = Literal["company", "open-science", "academic", "unknown"]
"""What kind of organization trained an LLM; `bayesdensity/data/README.md` states the rule."""
LAB_TYPES: tuple[LabType, ...] = get_args(LabType)


def some_of_lab_types(named: tuple[LabType, ...]) -> tuple[LabType, ...]:
    """The kinds named, if there is any."""
    if not named:
        raise ValueError("names none, and so leaves out every LLM; valid: " + ", ".join(LAB_TYPES))
    return named


def known(value: str, among: Mapping[str, Any]) -> str:
    """The value, if there is one of that name."""
    if value not in among:
        raise ValueError("valid: " + ", ".join(among))
    return value


def past(day: date) -> date:
    """The day, if LLMs may have been released on it."""
    if not FIRST_DAY <= day <= date.today():
        raise ValueError(f"no LLM was released then; give a day from {FIRST_DAY} to today")
    return day


def within_reach(day: date) -> date:
    """The day, if a study may reach to it: it may name one to come, for tables that grow."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"is beyond what a study is about; give a day from {FIRST_DAY} to {LAST_DAY}")
    return day


FIRST_DAY, LAST_DAY = date(2010, 1, 1), date(2099, 12, 31)
"""No language model that studies or tables are about is older, and none that they will be about is younger."""
Past = Annotated[date, AfterValidator(past)]
Reach = Annotated[date, AfterValidator(within_reach)]


def fit_for_a_file(name: str) -> str:
    """The name, if files can be called by it."""
    if not re.fullmatch(r"\w[\w. -]{0,99}", name):
        raise ValueError("a name has up to 100 letters, digits, spaces, '.', '_' and '-', the first no mark")
    return name


class Exclusion(Part):
    """One named thing left out by hand, with the reason."""

    name: str
    why: Prose


class LlmRules(Part):
    """Which LLMs are targets."""

    stage: tuple[str, ...]
    domain: tuple[str, ...]
    compression: tuple[str, ...]
    weights_open: tuple[str, ...]
    released_from: Past
    released_to: Reach | None = None
    lab_types: Annotated[tuple[LabType, ...], AfterValidator(some_of_lab_types)] = LAB_TYPES
    """Kinds of organizations whose LLMs are targets; members of the reference are taken whoever trained them."""
    min_benchmarks: int = Field(ge=1, le=1000)
    modes: Literal["most-effort", "each"] = "most-effort"
    """Of weights that are used in several modes that fit, the one of most effort, or each for itself."""
    size: Literal["total", "active", "geometric-mean", "inferred"] = "total"
    """Parameters that count; inferred: a mean of the logarithms of total and active ones, of unknown weight."""
    exclude: tuple[Exclusion, ...] = ()

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.released_to is not None and self.released_to < self.released_from:
            raise ValueError(f"released_to {self.released_to} lies before released_from {self.released_from}")
        return self

    @property
    def whose(self) -> str:
        """Kinds of organizations, as a list of rules has them; empty if any will do."""
        return "" if set(self.lab_types) == set(LAB_TYPES) else f", lab types {', '.join(self.lab_types)}"


class ScoreRules(Part):
    """Which score rows count as a measurement."""

    origins: tuple[str, ...]
    exclude_flags: tuple[str, ...]
    exclude_harnesses: tuple[Exclusion, ...] = ()
    harnesses: tuple[str, ...] = ()
    """Who evaluated; none stated: anybody."""
    inflation: bool = False
    """Whether scores of later LLMs may be higher than what they measure, by so many logits a year."""
    collapse_equal: bool = True
    """Equal values of one LLM on one benchmark under several harnesses are one observation."""


class Benchmark(Part):
    """Protocol of one benchmark: which rows of the score table are the same measurement.

    `bayesdensity.study.protocols` says how a file names benchmarks, and states only what differs from a protocol known.
    """

    metrics: tuple[str, ...]
    cot: tuple[Literal["true", "false", "unknown"], ...]
    shots: tuple[str, ...] = ()
    """Numbers of examples in the prompt, as the score table has them; none stated: any."""
    exclude_harnesses: tuple[Exclusion, ...] = ()
    floor: float | None = Field(default=None, ge=0, lt=1)
    """Score of a reference model that knows nothing; None: the chance level of the benchmark table."""
    map_from: Literal["score", "score_multiple_choice"] = "score"
    """Which reference score the loss-to-score map is fitted to (ladder references only)."""


class Reference(Part):
    """The recipe that sizes are counted in: the scores of a released family, or a training ladder."""

    kind: Literal["family", "ladder"]
    family: str | tuple[str, ...] | None = None
    """One family, or several: sizes are then counted in parameters of their average."""
    domain: tuple[str, ...] = ("general",)
    """What members of a family are trained for: others of the family are other recipes."""
    stage: tuple[str, ...] = ()
    """Last stages of training of its members, whose other stages are then targets; none stated: those of the LLMs."""
    suite: str | None = None
    trajectories: str | None = None
    loss_suites: tuple[str, ...] = ()
    """Loss-only suites whose size exponent is pooled with those of the benchmarks."""
    roles: tuple[str, ...] = ("ladder", "anchor")
    exclude: tuple[Exclusion, ...] = ()
    tokens: float | None = Field(default=None, ge=1e6, le=1e18)
    """D0: training tokens of the reference at which effective size is read off. None: a family's own; else its members
    are carried to D0 by the loss law of the one loss-only suite."""
    beyond: Literal["misfit", "censored", "trusted"] = "trusted"
    """What the reference says of sizes that it does not have: its curve with a misfit of its own, that a score lies
    beyond and no more, or its curve as it goes on."""
    inference: Literal["joint", "cut", "plug-in"] = "joint"
    """Whether targets inform the reference (joint), or its draws (cut) or medians (plug-in) are passed on to them."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "family" and not self.families:
            raise ValueError("a reference of kind 'family' needs 'family'")
        if len(set(self.families)) < len(self.families):
            raise ValueError("a reference names each 'family' once")
        if self.kind == "ladder" and not (self.suite and self.tokens):
            raise ValueError("a reference of kind 'ladder' needs 'suite' and 'tokens'")
        if self.kind == "family" and self.tokens and len(self.loss_suites) != 1:
            raise ValueError("'tokens' of a family need one of 'loss_suites', whose law carries members to them")
        return self

    @property
    def families(self) -> tuple[str, ...]:
        """Families whose members are the reference; none for a ladder."""
        if self.kind == "ladder" or not self.family:
            return ()
        return (self.family,) if isinstance(self.family, str) else self.family

    @property
    def suites(self) -> list[str]:
        """Every suite of reference runs that is drawn on."""
        ladder = [self.suite, self.trajectories] if self.kind == "ladder" else []
        return [suite for suite in [*ladder, *self.loss_suites] if suite]

    @property
    def yardstick(self) -> str:
        """Whose parameters sizes are counted in."""
        return " and ".join(self.families) or str(self.suite)


class Law(Part):
    """The loss law of the reference.

    Studies of former versions state ``irreducible`` instead of a name: true is ``chinchilla``, false ``densing``.
    """

    name: str
    """One of `bayesdensity.laws.LADDER_LAWS`; ``densing``, which has no floor, is the paper's and may be bimodal."""
    noise_df: float = Field(gt=1, le=1e6)
    """Degrees of freedom of the Student-t noise on log loss."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, stated: Any) -> Any:
        if not isinstance(stated, Mapping) or not isinstance(stated.get("irreducible"), bool):
            return stated
        kept = {key: value for key, value in stated.items() if key != "irreducible"}
        return {**kept, "name": "chinchilla" if stated["irreducible"] else "densing"}

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.name not in laws.LADDER_LAWS:
            raise ValueError(one_of(self.name, laws.LADDER_LAWS, "law of a reference"))
        return self

    @property
    def form(self) -> type[laws.LadderLaw]:
        """Its formula."""
        return laws.LADDER_LAWS[self.name]

    @property
    def irreducible(self) -> bool:
        """Whether the loss has a floor E_b."""
        return self.form.has_floor()

    @property
    def noise(self) -> Literal["student-t"]:
        """Kind of the noise on log loss."""
        return "student-t"


class Frontier(Part):
    """Distribution of log density among the LLMs released at one time, and how it moves."""

    form: Annotated[str, AfterValidator(partial(known, among=FORMS))]
    """Distribution of the inefficiency, a name in `bayesdensity.laws.forms.FORMS`."""
    one_sided: Literal["llm", "family", "both"] = "llm"
    """Whether inefficiency is each LLM's own, its family's, or both."""
    trend: Annotated[str, AfterValidator(partial(known, among=TRENDS))]
    """How the mean moves, a name in `bayesdensity.laws.trends.TRENDS`."""
    break_date: Past | None = None
    """Of a change-point; None: inferred."""
    dispersion: Annotated[str, AfterValidator(partial(known, among=DISPERSIONS))]
    """How the spread of residuals moves, a name in `bayesdensity.laws.families.DISPERSIONS`."""
    family_effects: bool
    groups: Literal["family", "organization"] = "family"
    """Which LLMs share an effect: those of one family, or all of one organization, were its families one."""
    rates_by_group: bool = False
    """Whether rates of benchmarks of one group, such as knowledge or code, are closer to each other than to others."""
    quantile: float = Field(gt=0, lt=1)
    """The frontier is this quantile of density among releases at a time."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.one_sided != "llm" and not self.family_effects:
            raise ValueError(f"one_sided '{self.one_sided}' needs family_effects = true")
        if not self.spread.plain and not self.symmetric_families:
            raise ValueError(f"dispersion '{self.dispersion}' needs family_effects = true and one_sided = 'llm'")
        if self.break_date is not None and self.trend != "change-point":
            raise ValueError("a break_date needs trend = 'change-point'")
        return self

    @property
    def llm_form(self) -> Form:
        """How the LLMs of one family differ."""
        return FORMS[self.form] if self.one_sided != "family" else SYMMETRIC

    @property
    def family_form(self) -> Form:
        """How families differ."""
        return FORMS[self.form] if self.one_sided != "llm" else SYMMETRIC

    @property
    def spread(self) -> Dispersion:
        """How residuals spread at a time; two sides are those of symmetric families, without which all grows alike."""
        both_alike = self.dispersion == "two-sided" and not self.symmetric_families
        return DISPERSIONS["growing" if both_alike else self.dispersion]

    @property
    def symmetric_families(self) -> bool:
        """Whether there are effects of families, of no form but that of the dispersion."""
        return self.family_effects and not self.family_form.one_sided

    @property
    def steady(self) -> bool:
        """Whether the rate of the frontier is the same at all times, by construction."""
        return self.trend == "linear" and self.dispersion == "constant"

    @property
    def scales(self) -> Scales:
        """Which scales the study has: names of their priors, empty where a part is switched off."""
        present = {
            "noise_scale": True,
            "inefficiency_scale": self.llm_form.one_sided,
            "family_scale": self.family_effects,
            "family_inefficiency_scale": self.family_form.one_sided,
        }
        return Scales(*(name if present.get(name, name in self.spread.priors) else "" for name in SCALE_PRIORS))


class Priors(Part):
    """Every prior by its name; a study states them all, inherited or its own."""

    size_exponent: Prior
    size_exponent_spread: Prior
    size_share: Prior
    data_elasticity: Prior
    loss_noise: Prior
    link_contrast: Prior
    link_slope: Prior
    link_slope_spread: Prior
    ceiling_gap: Prior
    recipe_residual: Prior
    reference_offset: Prior
    reference_stretch: Prior
    beyond_stretch: Prior
    beyond_contrast: Prior
    total_share: Prior
    level: Prior
    level_spread: Prior
    rate: Prior
    curvature: Prior
    rate_change: Prior
    break_position: Prior
    rate_walk: Prior
    dispersion_growth: Prior
    family_scale: Prior
    noise_scale: Prior
    inefficiency_scale: Prior
    family_inefficiency_scale: Prior
    family_asymmetry: Prior
    asymmetry_growth: Prior
    class_gap: Prior
    class_gap_growth: Prior
    class_log_odds: Prior
    class_log_odds_growth: Prior
    slope_spread: Prior
    group_slope_spread: Prior
    cell_scatter: Prior
    overdispersion: Prior
    score_inflation: Prior
    harness_scale: Prior
    irreducible_share: Prior
    size_elasticity: Prior
    map_slope: Prior
    map_scatter: Prior
    map_overdispersion: Prior
    law_misfit: Prior

    def __getitem__(self, name: str) -> Prior:
        """Prior of one quantity."""
        prior: Prior = getattr(self, name)
        return prior


class Study(Shown, Part):
    """Everything that decides what a fit infers. `digest` names it: equal digests give equal posteriors."""

    name: Annotated[str, AfterValidator(fit_for_a_file)]
    title: Title
    why: Prose
    llms: LlmRules
    scores: ScoreRules
    benchmarks: dict[str, Benchmark] = Field(min_length=1)
    reference: Reference
    law: Law
    frontier: Frontier
    covariates: dict[str, Covariate] = Field(default_factory=dict)
    """What density may go with beside the date, by name."""
    priors: Priors

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for name in self.covariates:
            fit_for_a_file(name)
        same = [
            name
            for name, one in self.covariates.items()
            for other in self.covariates
            if other < name and self.covariates[other].of == one.of
        ]
        if same:
            raise ValueError(f"covariate '{same[0]}' is another's too: state each 'of' once")
        return self

    @property
    def covariate_columns(self) -> list[str]:
        """Columns of ``llms.csv`` that are covariates as they stand."""
        return [one.of for one in self.covariates.values() if one.computed is None]

    @property
    def size_covariate(self) -> str | None:
        """Name of the covariate that is size, if there is one."""
        return next((name for name, one in self.covariates.items() if one.of == SIZE), None)

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with what the model reads, and with nothing else.

        Names, titles and reasons, fields at their defaults, priors that the study does not use, and the order of tables
        and names do not change it.
        """
        tree = what_is_read(self, leave_out=("name", "title", "priors"))
        used = {name: what_is_read(self.priors[name]) for name in priors_used(self)}
        return digest_of({**tree, "priors": used})

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with every word of the study."""
        return fingerprint_of(self)

    def card(self) -> Card:
        """What it asks, of which LLMs, on which benchmarks, and what for; tables are not read."""
        rules, reference, asked = self.llms, self.reference, self.frontier
        until = f"to {rules.released_to}" if rules.released_to else "on"
        unit = (reference.suite if reference.kind == "ladder" else "") or ", ".join(reference.families)
        unit += f" at {reference.tokens:.3g} tokens" if reference.tokens else ""
        rows = {
            "benchmarks": ", ".join(self.benchmarks),
            "LLMs": f"{', '.join((*rules.stage, *rules.domain))}{rules.whose}, "
            f"released from {rules.released_from} {until}, "
            f"scores on {rules.min_benchmarks} benchmarks or more; size: {rules.size}",
            "reference": f"{unit} ({reference.kind}, inference {reference.inference})",
            "estimand": f"{estimand_phrase('frontier', asked.quantile, 'density')}; "
            f"{FORMS[asked.form].title}, {asked.trend} trend",
            "next": f"select(study) says what data it has, fit(study) fits it (digest {self.digest})",
        }
        return Card(f"Study {self.name}: {self.title}", tuple(rows.items()))
