"""The two published steps for the reference, by least squares: loss law, then loss-to-score map; their inversion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from bayesdensity import laws
from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.data.join import map_rows
from bayesdensity.data.selection import Selection
from bayesdensity.published.records import Array
from bayesdensity.study.spec import Study

Counts = NDArray[np.int64]
FARTHEST = 100.0
"""Sizes this many times beyond the smallest or largest reference training are listed, and left out."""
REASONS = {
    "floor": "at or below the floor of the sigmoid",
    "ceiling": "at or above the ceiling of the sigmoid",
    "unreachable": "beyond what any size reaches with the tokens of the reference",
    "far": "extrapolated far beyond the sizes of the reference",
}


class Curve(NamedTuple):
    """Score of the reference against ln size, at its tokens: a floor, a ceiling and a link between them.

    Fields are floats, or arrays of one shape when many fits are inverted at once.
    """

    link: laws.Link
    origin: Array | float
    """ln N from which the link counts."""
    floor: Array | float
    ceiling: Array | float

    def log_size(self, score: Array) -> Array:
        """Effective size as ln N; minus infinity from the floor down, infinity where no size reaches the score."""
        # An infinite logit, at the ceiling, is reached by an infinite size, or by none.
        eta = laws.logit_of_score(score, self.floor, self.ceiling)
        with np.errstate(over="ignore"):
            return np.asarray(laws.size_of_logit(self.link, eta) + self.origin)

    def score(self, log_size: Array) -> Array:
        """Score at ln N."""
        with np.errstate(over="ignore"):
            eta = laws.logit_of_size(self.link, np.asarray(log_size) - self.origin)
            return np.asarray(laws.score(eta, self.floor, self.ceiling))


class Fitted(NamedTuple):
    """A curve, the solution it comes from, and what to report of it."""

    curve: Curve
    solution: Array
    parameters: dict[str, float]


class Rows(Protocol):
    """What one benchmark knows of the reference."""

    @property
    def smallest(self) -> float:
        """Size of the smallest training, as ln N."""

    @property
    def largest(self) -> float:
        """Size of the largest training, as ln N."""

    def fit(self, counts: Counts | None = None, start: Array | None = None) -> Fitted | None:
        """Least squares, with each unit taken so many times (None: once); None where it does not succeed."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference of a study, as least squares sees it."""

    rows: dict[str, Rows]
    """By benchmark."""
    strata: tuple[int, ...]
    """Number of units that a bootstrap draws from, stratum by stratum: members; or rungs, and long trainings."""

    def resample(self, rng: np.random.Generator) -> Counts:
        """How many times a bootstrap replicate takes each unit."""
        return np.concatenate([rng.multinomial(n, np.full(n, 1 / n)) for n in self.strata if n])

    def fit(self) -> dict[str, Fitted]:
        """Fit every benchmark.

        Raises
        ------
        UnidentifiedError
            If a benchmark has too few rows of the reference for its parameters.
        """
        fits = {name: rows.fit() for name, rows in self.rows.items()}
        failed = [name for name, fitted in fits.items() if fitted is None]
        if failed:
            raise UnidentifiedError(
                f"least squares cannot fit the reference on {', '.join(failed)}: it needs more different sizes there. "
                "Bring more scores of the reference, or drop the benchmark."
            )
        return {name: fitted for name, fitted in fits.items() if fitted is not None}


@dataclass(frozen=True, eq=False)
class FamilyRows:
    """Scores of the members of a score family on one benchmark: mean over harnesses, without losses.

    No loss exists, so the two steps cannot be taken one after the other; what can be fitted is their composition,
    ``S = floor + (ceiling - floor) logistic(h + g (1 - exp(-alpha x)) / alpha)`` with x = ln N from the mean member:
    the analogue of the published procedure, not the procedure. Level h and slope g are fitted. The size exponent alpha
    is the median of its prior, the ceiling the median of its prior, the floor that of the study: eight members do not
    determine them. Fitted freely to Qwen1.5, the exponent is 0.00 on BBH and 0.39 on MBPP, for one recipe, and no size
    reaches 58 of the scores of LLMs; a free ceiling is 0.59 on MATH, below 24 LLMs.
    """

    unit: Counts
    log_size: Array
    score: Array
    floor: float
    exponent: float
    ceiling: float

    @property
    def smallest(self) -> float:
        """Size of the smallest member, as ln N."""
        return float(self.log_size.min())

    @property
    def largest(self) -> float:
        """Size of the largest member, as ln N."""
        return float(self.log_size.max())

    def fit(self, counts: Counts | None = None, start: Array | None = None) -> Fitted | None:
        """Fit level and slope; needs two sizes."""
        take = _taken(self.unit, counts)
        origin = float(self.log_size.mean())
        x, score = self.log_size[take] - origin, self.score[take]
        if len(np.unique(x)) < 2:
            return None

        def curve(at: Array) -> Curve:
            return Curve(laws.Link(at[0], np.exp(at[1]), self.exponent), origin, self.floor, self.ceiling)

        starts = [np.array([0.0, np.log(0.5)])] if start is None else [start]
        solution = least_squares(lambda at: curve(at).score(x + origin) - score, starts)
        if solution is None:
            return None
        fitted = curve(solution)
        parameters = {
            "level": float(fitted.link.level),
            "slope": float(fitted.link.slope),
            "exponent": self.exponent,
            "origin": float(np.exp(origin)),
            "floor": self.floor,
            "ceiling": self.ceiling,
            "rms_score": _rms(fitted.score(self.log_size[take]) - score),
        }
        return Fitted(fitted, solution, parameters)


@dataclass(frozen=True, eq=False)
class LadderRows:
    """Losses and scores of a ladder on one benchmark, fitted in the two published steps (arXiv 2412.04315).

    First ``L = a N^-alpha + b D^-beta`` (plus E where the study has an irreducible loss), then ``S = d + c / (1 +
    exp(gamma (L - l)))`` with d and d + c between 0 and 1; inverted at the tokens D0 of the study.
    """

    law_unit: Counts
    log_n: Array
    log_d: Array
    loss: Array
    map_unit: Counts
    map_loss: Array
    map_score: Array
    chance: float
    log_tokens: float
    irreducible: bool

    @property
    def smallest(self) -> float:
        """Size of the smallest training, as ln N."""
        return float(self.log_n.min())

    @property
    def largest(self) -> float:
        """Size of the largest training, as ln N."""
        return float(self.log_n.max())

    @property
    def _size(self) -> int:
        return 5 if self.irreducible else 4

    def fit(self, counts: Counts | None = None, start: Array | None = None) -> Fitted | None:
        """Fit the law, then the map."""
        take, pairs = _taken(self.law_unit, counts), _taken(self.map_unit, counts)
        enough = len(np.unique(self.loss[take])) > self._size and len(np.unique(self.map_loss[pairs])) > 4
        law = self._fit_law(take, None if start is None else start[: self._size]) if enough else None
        sigmoid = self._fit_map(pairs, None if start is None else start[self._size :]) if law is not None else None
        if law is None or sigmoid is None:
            return None
        centre_n, centre_d, centre = self.log_n.mean(), self.log_d.mean(), self.map_loss.mean()
        shape, (floor, ceiling) = self._law(law), _bounds(sigmoid)
        link = laws.ladder_link(shape, self.log_tokens - centre_d, sigmoid[0], np.exp(sigmoid[1]), centre)
        loss = shape.loss({"n": self.log_n[take] - centre_n, "d": self.log_d[take] - centre_d})
        parameters = {
            **{key: float(value) for key, value in shape.natural({"n": centre_n, "d": centre_d}).items()},
            "d": floor,
            "c": ceiling - floor,
            "gamma": float(np.exp(sigmoid[1])),
            "l": float(centre + sigmoid[0] / np.exp(sigmoid[1])),
            "rms_loss": _rms(loss - self.loss[take]),
            "rms_score": _rms(self._score(sigmoid, self.map_loss[pairs]) - self.map_score[pairs]),
        }
        return Fitted(Curve(link, float(centre_n), floor, ceiling), np.r_[law, sigmoid], parameters)

    def _law(self, at: Array) -> laws.Chinchilla:
        """The law at the centre; logarithms of shares against that of the data term keep the three positive."""
        shares = np.exp(np.r_[0.0, at[3:]])
        shares = shares / shares.sum()
        irreducible, size = (shares[2], shares[1]) if self.irreducible else (0.0, shares[1])
        return laws.Chinchilla(at[0], irreducible, size, np.exp(at[1]), np.exp(at[2]))

    def _fit_law(self, take: Counts, start: Array | None) -> Array | None:
        n, d, loss = self.log_n[take] - self.log_n.mean(), self.log_d[take] - self.log_d.mean(), self.loss[take]
        level, shares = np.log(loss.mean()), [0.0] * (self._size - 3)
        starts = [np.array([level, np.log(a), np.log(b), *shares]) for a in (0.1, 0.3, 0.7) for b in (0.1, 0.3)]
        return least_squares(
            lambda at: self._law(at).loss({"n": n, "d": d}) - loss, starts if start is None else [start]
        )

    def _fit_map(self, pairs: Counts, start: Array | None) -> Array | None:
        loss, score = self.map_loss[pairs], self.map_score[pairs]
        low = special.logit(max(self.chance, 0.02))
        starts = [np.array([h, np.log(slope), low, 2.0]) for h in (-1.0, 1.0) for slope in (3.0, 10.0, 30.0)]
        return least_squares(lambda at: self._score(at, loss) - score, starts if start is None else [start])

    def _score(self, at: Array, loss: Array) -> Array:
        eta = at[0] - np.exp(at[1]) * (loss - self.map_loss.mean())
        return np.asarray(laws.score(eta, *_bounds(at)))


def read_reference(study: Study, selection: Selection) -> Reference:
    """Gather the rows of the reference of a study for least squares."""
    return _family(study, selection) if study.reference.kind == "family" else _ladder(study, selection)


def reasons(curve: Curve, rows: Rows, score: Array, farthest: float = FARTHEST) -> NDArray[np.str_]:
    """Why each score has no effective size on a benchmark, as a key of `REASONS`; empty where it has one.

    Parameters
    ----------
    curve : Curve
        Of floats.
    rows : Rows
    score : array, (cell,)
    farthest : float
        Factor beyond the smallest and largest training from which on an inversion does not count.
    """
    size = curve.log_size(score)
    struck = {
        "floor": score <= curve.floor,
        "ceiling": score >= curve.ceiling,
        "unreachable": np.isposinf(size),
        "far": (size > rows.largest + np.log(farthest)) | (size < rows.smallest - np.log(farthest)),
    }
    return np.select(list(struck.values()), list(struck), default="")


def least_squares(residuals: Callable[[Array], Array], starts: Sequence[Array]) -> Array | None:
    """Best of the least-squares solutions from several starting points; None where none is found."""
    best: tuple[float, Array | None] = (np.inf, None)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for start in starts:
            solution, _, info, _, status = optimize.leastsq(residuals, start, full_output=True, maxfev=2000)
            cost = float((info["fvec"] ** 2).sum())
            if status in (1, 2, 3, 4) and cost < best[0]:
                best = cost, solution
    return best[1]


def _family(study: Study, selection: Selection) -> Reference:
    members = selection.reference_llms
    cells = selection.scores[selection.scores["llm"].isin(members.index)]
    mean = cells.groupby(["benchmark", "llm"])["score"].mean()
    rows: dict[str, Rows] = {}
    for name in study.benchmarks:
        here = mean.loc[name]
        rows[name] = FamilyRows(
            unit=np.asarray(members.index.get_indexer(here.index)),
            log_size=np.log(members.loc[here.index, "size"].to_numpy(float)),
            score=here.to_numpy(float),
            floor=float(selection.benchmarks.at[name, "floor"]),
            exponent=float(np.exp(study.priors.size_exponent.mu)),
            ceiling=float(1 - np.exp(study.priors.ceiling_gap.mu)),
        )
    return Reference(rows, (len(members),))


def _ladder(study: Study, selection: Selection) -> Reference:
    """Rungs are units of one stratum; a long training with its checkpoints is a unit of another."""
    runs = selection.runs[selection.runs["use"].isin(["ladder", "trajectory"])]
    long = runs["role"] != "ladder"
    units = runs["run"].where(~long, runs["params"].map("{:.4g}".format))
    rungs, trainings = sorted(set(units[~long])), sorted(set(units[long]))
    position = {name: k for k, name in enumerate([*rungs, *trainings])}
    pairs = map_rows(study, runs)
    rows: dict[str, Rows] = {}
    for name in study.benchmarks:
        law = runs[(runs["benchmark"] == name) & (runs["use"] == "ladder") & runs["loss"].notna()]
        here = pairs[pairs["benchmark"] == name]
        rows[name] = LadderRows(
            law_unit=_positions(units[law.index], position),
            **{f"log_{key}": np.log(law[column].to_numpy(float)) for key, column in (("n", "params"), ("d", "tokens"))},
            loss=law["loss"].to_numpy(float),
            map_unit=_positions(units[here.index], position),
            map_loss=here["loss"].to_numpy(float),
            map_score=here["value"].to_numpy(float),
            chance=float(selection.benchmarks.at[name, "floor"]),
            log_tokens=float(np.log(study.reference.tokens or 1.0)),
            irreducible=study.law.irreducible,
        )
    return Reference(rows, (len(rungs), len(trainings)))


def _positions(units: pd.Series, position: dict[str, int]) -> Counts:
    return np.asarray(units.map(position), dtype=np.int64)


def _taken(unit: Counts, counts: Counts | None) -> Counts:
    """Rows of a replicate, each as often as its unit is drawn."""
    rows = np.arange(len(unit))
    return rows if counts is None else np.repeat(rows, counts[unit])


def _bounds(at: Array) -> tuple[float, float]:
    """Floor d and ceiling d + c of the map, both between 0 and 1."""
    floor = float(special.expit(at[2]))
    return floor, floor + (1 - floor) * float(special.expit(at[3]))


def _rms(residuals: Array) -> float:
    return float(np.sqrt((residuals**2).mean()))
