"""Coordinates of what LLMs share, made nearly independent of each other by what a short run shows of them.

Where density goes with size, the slope of the link, its curvature, what lies beyond its end, the rate and the effect of
size move together: no coordinate of one is free of the others, and the sampler, which scales coordinates one by one,
walks slowly along what they have in common.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from bayesdensity.inference.machine_code import with_mixing
from bayesdensity.inference.sampling import POSITION, run_sampler
from bayesdensity.study.spec import Study

PILOT: dict[str, Any] = {"draws": 200, "tune": 300}
"""Draws kept and discarded in each chain of the short run."""
STIFF = 2.0
"""Directions in which standardised coordinates vary by more than this, or less than its inverse, are mended.

The correlations of a hundred independent coordinates in some four hundred effective draws range from a quarter to two.
"""


class Mixing(NamedTuple):
    """Which coordinates are mixed, and what their new values are multiplied by."""

    places: np.ndarray
    matrix: np.ndarray

    def of(self, compiled: Any) -> Any:
        """A compiled model in these coordinates."""
        return with_mixing(compiled, self.places, self.matrix)


def moves_together(study: Study) -> bool:
    """Whether what LLMs share is known to move together in the coordinates of the model."""
    return study.size_covariate is not None


def found_mixing(compiled: Any, apart: tuple[str, ...], *, cores: int | None, seed: int, **settings: Any) -> Mixing:
    """Coordinates by a short run.

    Parameters
    ----------
    compiled : object
        What `bayesdensity.inference.sampling.compile_model` gives for the sampler.
    apart : tuple of str
        Dims of coordinates that are left as they are.
    cores, seed, **settings
        As for `bayesdensity.inference.sampling.run_sampler`.
    """
    places = shared_places(compiled, apart)
    tree = run_sampler(
        compiled, cores=cores, progress=None, seed=seed, store_unconstrained=True, **{**settings, **PILOT}
    )
    drawn = tree["sample_stats"][POSITION].to_numpy()[..., places]
    return Mixing(places, mixing_matrix(drawn.reshape(-1, len(places))))


def shared_places(compiled: Any, apart: tuple[str, ...]) -> np.ndarray:
    """Positions of the coordinates that have none of some dims.

    Parameters
    ----------
    compiled : object
        What `bayesdensity.inference.sampling.compile_model` gives for the sampler.
    apart : tuple of str
    """
    names, _, shapes = compiled.shape_info
    sizes = np.array([prod(shape) for shape in shapes])
    free = np.cumsum(sizes) <= compiled.n_dim
    shared = [not set(apart) & set(compiled.dims.get(name) or ()) for name in names]
    return np.flatnonzero(np.repeat(np.array(shared)[free], sizes[free]))


def mixing_matrix(drawn: np.ndarray) -> np.ndarray:
    """What independent coordinates of equal scale are multiplied by to vary like draws, where those are stiff.

    Parameters
    ----------
    drawn : ndarray
        Shape (draw, coordinate).
    """
    scale = drawn.std(axis=0)
    values, vectors = np.linalg.eigh(np.corrcoef(drawn.T))
    stiff = (values > STIFF) | (values < 1 / STIFF)
    root = np.sqrt(np.where(stiff, np.maximum(values, 1e-6), 1.0))
    return np.asarray(scale[:, None] * (vectors * root) @ vectors.T / scale)
