"""What to infer of a reference loss law alone: its form, its noise, what benchmarks share, under which priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from bayesdensity import laws
from bayesdensity.base.errors import InputError, one_of
from bayesdensity.base.part import Part
from bayesdensity.base.prior import Prior
from bayesdensity.study.digests import digest_of, fingerprint_of, what_is_read
from bayesdensity.study.load import load_study, replaced
from bayesdensity.study.validating import faults_of

Noise = Literal["student-t", "laplace", "normal", "one-sided"]
NOISES: tuple[str, ...] = get_args(Noise)
EXCESS = Prior(
    shape="lognormal",
    interval=(0.002, 0.1),
    why="mean excess of log loss above the law, of undertrained runs; ladders show 0.5 to 5 %",
)
MAP_MISFIT = Prior(
    shape="lognormal",
    interval=(0.25, 1.5),
    why="miss of the loss-to-score map on the logit, after as much further loss as the runs span; predicting the "
    "larger rungs of the OLMo ladder from the smaller ones misses by 0.5 to 0.8",
)
LAW_PRIORS = ("loss_noise", "law_misfit")
POOL_PRIORS = ("size_exponent_spread",)
MAP_PRIORS = ("ceiling_gap", "map_slope", "map_scatter", "map_overdispersion")
"""Priors of the default study that a law alone needs too."""


class LawStudy(Part):
    """Everything that decides what a fit of a law infers."""

    law: str
    noise: Noise = "student-t"
    noise_df: float = Field(default=4.0, gt=1)
    """Degrees of freedom of Student-t noise."""
    pool: bool = False
    """Whether benchmarks share exponents: one population of each."""
    slow: Literal["size", "data"] | None = None
    """Of a law without a floor: the term with the smaller exponent; None leaves it open."""
    map_from: Literal["score", "score_multiple_choice"] | None = "score"
    """Which reference score the loss-to-score map is fitted to; None: no map."""
    priors: dict[str, Prior]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.law not in laws.LAWS:
            raise ValueError(one_of(self.law, laws.LAWS, "law"))
        if self.slow and self.form is not laws.Densing:
            raise ValueError(f"slow = '{self.slow}' chooses a mode of the law 'densing'; '{self.law}' has one")
        if self.slow and self.pool:
            raise ValueError("slow and pool both order the exponents; choose one")
        return self

    @property
    def form(self) -> type[laws.Law]:
        """Its formula."""
        return laws.LAWS[self.law]

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with what the model reads, and with nothing else."""
        return digest_of(what_is_read(self))

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with every word of the study."""
        return fingerprint_of(self)


def law_study(law: str = "chinchilla", overrides: Mapping[str, Any] | None = None, **settings: Any) -> LawStudy:
    """What to infer of a law: its own priors, and those of the default study for noise and map.

    Parameters
    ----------
    law : str
        A key of `bayesdensity.laws.LAWS`.
    overrides : mapping, optional
        Dotted keys and the values that replace them, e.g. ``{"priors.size_share.interval": [0.2, 0.8]}``.
    **settings
        Fields of `LawStudy`.

    Raises
    ------
    InputError
        If there is no such law, or a setting is impossible.
    """
    overrides = dict(overrides or {})
    settings |= {key: overrides.pop(key) for key in [*overrides] if key in LawStudy.model_fields and key != "priors"}
    law = settings.pop("law", law)
    if law not in laws.LAWS:
        raise InputError(one_of(law, laws.LAWS, "law"))
    form, shared = laws.LAWS[law], load_study("densing-law").priors
    priors = {**form.coordinates, **{name: shared[name] for name in LAW_PRIORS}}
    if settings.get("noise") == "one-sided":
        priors["loss_excess"] = EXCESS
    if settings.get("pool"):
        pooled = form.elasticities.values()
        priors = {name: prior for name, prior in priors.items() if name not in pooled}
        priors |= {**form.exponents, **{name: shared[name] for name in POOL_PRIORS}}
    if settings.get("map_from", "score"):
        priors |= {**{name: shared[name] for name in MAP_PRIORS}, "map_misfit": MAP_MISFIT}
    stated = {name: prior.model_dump() for name, prior in priors.items()}
    for key in overrides:
        if key.startswith("priors.") and key.split(".")[1] not in stated:
            raise InputError(f"law '{law}': {one_of(key.split('.')[1], stated, 'prior')}")
    tree = replaced({"law": law, **settings, "priors": stated}, overrides)
    try:
        return LawStudy.model_validate(tree)
    except ValidationError as error:
        raise InputError(f"law '{law}': {faults_of(error, LawStudy)}") from error
