"""Covariates of a study: what density may go with beside the date, and which are known by name.

A study file states them in one of two ways::

    covariates = ["tokens", "sparsity"]     # exactly these, as ``models/protocols/covariates.toml`` has them

    [covariates.tokens]                     # beside those of the study that is extended; without ``of``:
    centre = 100                            # the known one of that name, but for this
    [covariates.teachers]                   # with ``of``: one of its own
    of = "teachers"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from bayesdensity.base.part import Part
from bayesdensity.base.prior import Prior
from bayesdensity.study.named import taken_by_name


class Transformation(NamedTuple):
    """A covariate that is computed: a logarithm of what people state."""

    unit: str
    """Of what people state."""
    shift: float = 0.0
    """Added before the logarithm is taken."""

    def log(self, value: Any) -> Any:
        """The covariate, of what people state."""
        return np.log(value + self.shift)

    def natural(self, value: Any) -> Any:
        """What people state, of the covariate."""
        return np.exp(value) - self.shift


BENCHMARK_AGE = "log_benchmark_age"
SIZE = "log_size"
TRANSFORMATIONS = {
    "log_tokens_per_param": Transformation("tokens per parameter"),
    "log_train_tokens": Transformation("tokens"),
    SIZE: Transformation("parameters"),
    "sparsity": Transformation("total over active parameters"),
    BENCHMARK_AGE: Transformation("years", shift=1.0),
}
"""By the name that a study gives in ``of``, sizes as the study counts them; other names are columns of ``llms.csv``."""


def log_benchmark_age(years: Any) -> NDArray[np.float64]:
    """Logarithm of one year and the years since a benchmark was published; zero for LLMs that are older than it."""
    return np.asarray(TRANSFORMATIONS[BENCHMARK_AGE].log(np.maximum(years, 0.0)))


class Covariate(Part):
    """Something known of LLMs that their density may go with, at one time and in its growth.

    It always acts on the level: how much an interaction says without its main effect depends on the centre (Nelder
    1977, DOI 10.2307/2344517).
    """

    of: str
    """A name in `TRANSFORMATIONS`, or a column of ``llms.csv``; of words each but that in the centre has an effect."""
    centre: float | str | None = None
    """Value that trends are read off at, as people state it: 20 tokens per parameter, 7e9 parameters, ``base``. None:
    the mean of the LLMs; of words the most common, with which others are compared."""
    effect: Prior
    """E-folds of density for each unit: of a logarithm an e-fold, of words the difference from the centre."""
    growth: Prior | None = None
    """Change of that a year; None: it does not change."""
    between_benchmarks: Prior | None = None
    """Standard deviation between benchmarks of the effect; None: it is the same on all."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name, prior in (("effect", self.effect), ("growth", self.growth)):
            if prior is not None and prior.shape != "normal":
                raise ValueError(f"{name} takes either sign: its prior is normal, not {prior.shape}")
        if self.between_benchmarks is not None and self.between_benchmarks.shape != "lognormal":
            raise ValueError(f"between_benchmarks is a spread: lognormal, not {self.between_benchmarks.shape}")
        if self.of == BENCHMARK_AGE and self.growth is not None:
            raise ValueError("the age of a benchmark grows with time itself: it has no effect on growth")
        if self.of in TRANSFORMATIONS and self.centre is not None:
            known = TRANSFORMATIONS[self.of]
            if isinstance(self.centre, str) or not self.centre + known.shift > 0:
                raise ValueError(f"centre = {self.centre!r}: give a number of {known.unit}")
        return self

    @property
    def priors(self) -> dict[str, Prior]:
        """Priors that it has, by the part they are of."""
        parts = {"effect": self.effect, "growth": self.growth, "between_benchmarks": self.between_benchmarks}
        return {name: prior for name, prior in parts.items() if prior is not None}

    @property
    def computed(self) -> Transformation | None:
        """How it is computed; None where it is a column as it stands."""
        return TRANSFORMATIONS.get(self.of)

    def in_words(self, value: float) -> str:
        """A value as people state it, of the covariate."""
        known = self.computed
        return f"{value:g}" if known is None else f"{known.natural(value):.3g} {known.unit}"


def chosen_covariates(stated: Any, inherited: Mapping[str, Any], shipped: Mapping[str, Any]) -> Any:
    """Covariates of a study with all that is said of them.

    Parameters
    ----------
    stated : Any
        What a file says under ``covariates``, in one of the ways above; of another kind, it is given back as it is.
    inherited : mapping
        Those of the study that is extended.
    shipped : mapping
        Those that any study may take, by name.

    Returns
    -------
    dict of dict

    Raises
    ------
    InputError
        If nothing is known of a covariate that is named.
    """
    known = {**shipped, **inherited}
    more = "state what it is 'of', and its priors,"
    taken = taken_by_name(stated, known, part="covariates", what="covariate", whole="of", otherwise=more)
    return {**inherited, **taken} if isinstance(stated, Mapping) else taken
