"""How the mean of log density moves in time: arithmetic only.

A trend is a straight line and a bend: ``mean(t) = origin + rate * t + bend(t)``, t in years from the mean date of the
sample. The bend averages zero over the sample, so that the origin is the average of the trend.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""
Array = NDArray[np.float64]
TURN = 1 / 12
"""Years over which a trend turns at a break: a kink would be felt at every release date."""
KNOT_STEP = 0.5
"""Years between the turns of a random walk."""


class Bend(NamedTuple):
    """Departure of a trend from its straight line, and its rate of change a year."""

    value: Number
    slope: Number


STRAIGHT = Bend(0.0, 0.0)


def quadratic(time: Number, spread: Number, curvature: Number) -> Bend:
    """Bend of a rate that changes steadily; the rate of the line is that at the centre.

    Parameters
    ----------
    time : Number
        Years from the mean of the sample.
    spread : Number
        Mean over the sample of time squared, in years squared.
    curvature : Number
        Change of the rate, in natural logarithms per year squared.
    """
    return Bend(0.5 * curvature * (time**2 - spread), curvature * time)


def turn(time: Number, at: Number, sample: Number, average: Callable[[Any], Any]) -> Bend:
    """Bend of a rate that rises by one at a date, with the straight line of the sample taken off.

    The rate of the line is then the least-squares slope of the trend over the sample, whatever the date.

    Parameters
    ----------
    time : Number
    at : Number
        Date of the turn.
    sample : Number
        Release dates.
    average : callable
        Mean over the sample.

    Returns
    -------
    Bend
    """
    held = tilt(at, sample, average)
    value = _hinge(time, at) - average(_hinge(sample, at)) - held * time
    return Bend(value, 0.5 * (1 + np.tanh(0.5 * (time - at) / TURN)) - held)


def tilt(at: Number, sample: Number, average: Callable[[Any], Any]) -> Number:
    """Share of a turn that the least-squares slope holds: before a turn by ``c`` the rate is ``rate - tilt * c``.

    Parameters
    ----------
    at : Number
        Date of the turn, in years from the mean of the sample.
    sample : Number
        Release dates, in years from their mean.
    average : callable
        Mean over the sample.
    """
    return average(sample * _hinge(sample, at)) / average(sample**2)


def knots(first: float, last: float) -> NDArray[np.float64]:
    """Dates inside a window at which a random walk of the rate takes its steps."""
    count = max(1, int(np.floor((last - first) / KNOT_STEP)) - 1)
    return np.asarray(np.linspace(first, last, count + 2)[1:-1])


def _hinge(time: Number, at: Number) -> Number:
    """Smooth version of ``max(time - at, 0)``."""
    x = (time - at) / TURN
    return TURN * (np.log(1 + np.exp(-abs(x))) + 0.5 * (x + abs(x)))


class Sample(NamedTuple):
    """Release dates that a trend is stated over, and how to sum: arrays, xarray and PyTensor differ in that alone."""

    time: Number
    """Years from their mean."""
    stated_break: Number | None
    """Date at which the pace changes; None where it is inferred."""
    mean: Callable[[Any], Any]
    """Over the sample."""
    combine: Callable[[Any, Callable[[Any], Bend]], Bend]
    """From the steps of a random walk and the bend of a turn by one at a date: the bend of all its turns."""


class Source(Protocol):
    """Where the parameters of a trend come from: random variables of a model, or draws of their priors."""

    def prior(self, name: str) -> Number:
        """What has a prior of this name."""

    def standard_normal(self, name: str, dims: str) -> Number:
        """Independent standard normals."""

    def derived(self, name: str, value: Number, dims: str | None = None) -> Number:
        """The value, kept under a name.

        Parameters
        ----------
        name : str
        value : Number
        dims : str, optional
            None: a single value.
        """


class Trend(ABC):
    """How the mean departs from a straight line; adding one is a class here and its name in `TRENDS`."""

    name: ClassVar[str]
    title: ClassVar[str]
    """As it is called in words."""
    priors: ClassVar[tuple[str, ...]] = ()
    """What it has besides the rate."""

    @abstractmethod
    def parameters(self, source: Source, sample: Sample) -> dict[str, Number]:
        """Draw what the bend is made of."""

    @abstractmethod
    def bend(self, time: Number, sample: Sample, parameters: Mapping[Any, Number]) -> Bend:
        """Departure from the straight line at times, and its rate of change a year.

        Parameters
        ----------
        time : Number
            Years from the mean of the sample.
        sample : Sample
        parameters : mapping
            By name, as `parameters` draws them.
        """

    def unforeseen(self, ahead: Array, parameters: Mapping[Any, Number], rng: np.random.Generator) -> Array:
        """Draws of what the trend gains beyond its sample, besides what its pace at the end says: nothing.

        Parameters
        ----------
        ahead : ndarray
            Years beyond the end of the sample; the first axes are those of the parameters.
        parameters : mapping
            By name, as `parameters` draws them; arrays.
        rng : numpy.random.Generator
        """
        return np.zeros_like(ahead)


class Linear(Trend):
    """A constant rate."""

    name = "linear"
    title = "a straight line"

    def parameters(self, source: Source, sample: Sample) -> dict[str, Number]:
        """Nothing."""
        return {}

    def bend(self, time: Number, sample: Sample, parameters: Mapping[Any, Number]) -> Bend:
        """No departure."""
        return STRAIGHT


class Quadratic(Trend):
    """A rate that changes steadily."""

    name = "quadratic"
    title = "a rate that changes steadily"
    priors = ("curvature",)

    def parameters(self, source: Source, sample: Sample) -> dict[str, Number]:
        """The curvature."""
        return {"curvature": source.prior("curvature")}

    def bend(self, time: Number, sample: Sample, parameters: Mapping[Any, Number]) -> Bend:
        """Departure from the straight line."""
        return quadratic(time, float((sample.time**2).mean()), parameters["curvature"])


class ChangePoint(Trend):
    """A rate that changes once, at a date that is stated or inferred."""

    name = "change-point"
    title = "a change of pace"
    priors = ("rate_change", "break_position")

    def parameters(self, source: Source, sample: Sample) -> dict[str, Number]:
        """The change, and its date where that is inferred."""
        parameters = {"rate_change": source.prior("rate_change")}
        if sample.stated_break is None:
            first, last = sample.time.min(), sample.time.max()
            position = first + (last - first) * source.prior("break_position")
            parameters["break_time"] = source.derived("break_time", position)
        return parameters

    def date(self, sample: Sample, parameters: Mapping[Any, Number]) -> Number:
        """Years from the mean of the sample at which the pace changes."""
        return parameters["break_time"] if sample.stated_break is None else sample.stated_break

    def bend(self, time: Number, sample: Sample, parameters: Mapping[Any, Number]) -> Bend:
        """Departure from the straight line."""
        unit = turn(time, self.date(sample, parameters), sample.time, sample.mean)
        return Bend(*(parameters["rate_change"] * part for part in unit))


class RandomWalk(Trend):
    """A rate that takes a step of unknown size every half-year."""

    name = "random-walk"
    title = "a random walk of the rate"
    priors = ("rate_walk",)

    def parameters(self, source: Source, sample: Sample) -> dict[str, Number]:
        """The steps."""
        raw = source.standard_normal("rate_step_raw", "knot")
        return {"rate_step": source.derived("rate_step", source.prior("rate_walk") * raw, "knot")}

    def bend(self, time: Number, sample: Sample, parameters: Mapping[Any, Number]) -> Bend:
        """Departure from the straight line."""
        return sample.combine(parameters["rate_step"], lambda knot: turn(time, knot, sample.time, sample.mean))

    def unforeseen(self, ahead: Array, parameters: Mapping[Any, Number], rng: np.random.Generator) -> Array:
        """The walk goes on: a step of the rate for every further half-year."""
        scale = np.asarray(parameters["rate_walk"])
        scale = scale.reshape(scale.shape + (1,) * (ahead.ndim - scale.ndim))
        gained = np.zeros_like(ahead)
        for knot in np.arange(0.0, ahead.max(initial=0.0), KNOT_STEP):
            step = scale * rng.standard_normal(scale.shape)
            gained += step * np.maximum(ahead - knot, 0.0)
        return gained


TRENDS: dict[str, Trend] = {trend.name: trend for trend in (Linear(), Quadratic(), ChangePoint(), RandomWalk())}
"""What a study may ask for, by name."""
