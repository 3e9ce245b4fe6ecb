"""From a PyMC model to the machine code that the sampler calls, kept on disk: an equal model is compiled once.

PyTensor keeps what it compiles on disk. nutpie wraps it in functions whose names are new in every process, so that
Numba optimises and translates the whole again each time. Here they are written out as text that depends on the model
alone.
"""

from __future__ import annotations

import hashlib
import inspect
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any
from unittest import mock

import numpy as np

NEEDLESS = (
    "inplace_elemwise",
    "local_greedy_distributor",
    "dot_diag_to_elemwise",
    "selection_dot_to_indexing",
)
"""Rewrites that take half of the time of all; without them the gradient of the default study is faster by a fifth."""
POINT = """\
        at = numba.carray(user_data, ({width} + 3,), np.uint64)
        x = numba.carray(x_, ({n_dim},))
        n_mixed = int(at[{width}])
        places = numba.carray(pointer(at[{width} + 1]), (n_mixed,), np.int64)
        mixing = numba.carray(pointer(at[{width} + 2]), (n_mixed, n_mixed), np.float64)
        if n_mixed:
            x = mixed(x, places, mixing)"""
"""Where the arrays are, and the point of the model."""
DENSITY = """
def density(dim, x_, gradient_, value_, user_data):
    if dim != {n_dim}:
        return -1
    try:
{point}
        value, gradient = inner(x, {arrays})
        value_[0] = value[()]
        for i in range({n_dim}):
            gradient_[i] = gradient[i]
            if not np.isfinite(gradient[i]):
                return 3
        for j in range(n_mixed):
            total = 0.0
            for i in range(n_mixed):
                total += mixing[i, j] * gradient[places[i]]
            gradient_[places[j]] = total
        if not np.isfinite(value_[0]):
            return 4
    except Exception:
        return 1
    return 0
"""
EXPANSION = """
def expansion(dim, expanded, x_, values_, user_data):
    if dim != {n_dim} or expanded != {n_expanded}:
        return -1
    try:
{point}
        values = inner(x, {arrays})[0]
        for i in range({n_expanded}):
            values_[i] = values[i]
    except Exception:
        return -2
    return 0
"""
"""What nutpie calls, and the statuses that it knows; data are read from where it keeps their addresses and shapes.

Behind them stand how many coordinates are mixed, which, and the matrix that they are multiplied by: see `with_mixing`.
"""


def compile_for_nutpie(model: Any, *, fast: bool) -> Any:
    """Compile a PyMC model to what nutpie samples.

    Parameters
    ----------
    model : pymc.Model
    fast : bool
        With mathematics that round differently.

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
    """
    import nutpie
    from nutpie import compile_pymc
    from pytensor.compile.mode import NUMBA, predefined_modes
    from pytensor.configdefaults import config

    with (
        mock.patch.dict(predefined_modes, NUMBA=NUMBA.excluding(*NEEDLESS)),
        mock.patch.multiple(compile_pymc, _make_c_logp_func=_density, _make_c_expand_func=_expansion),
        config.change_flags(numba__fastmath=fast),
    ):
        compiled = nutpie.compile_pymc_model(model, cache=True)
    known = compiled.user_data
    given = np.zeros(
        (), dtype=[*((name, known.dtype[name]) for name in known.dtype.names or ()), ("mixing", np.uintp, 3)]
    )
    given["shared"] = known["shared"]
    return replace(compiled, user_data=given)


def with_mixing(compiled: Any, places: np.ndarray, mixing: np.ndarray) -> Any:
    """The compiled model, sampled in coordinates of which some are mixed linearly.

    The posterior is the same: the Jacobian of the change is constant.

    Parameters
    ----------
    compiled : nutpie.compile_pymc.CompiledPyMCModel
        As `compile_for_nutpie` gives it.
    places : ndarray
        Positions of the coordinates, shape (mixed,).
    mixing : ndarray
        What their new values are multiplied by, shape (mixed, mixed); invertible.
    """
    places, mixing = np.ascontiguousarray(places, np.int64), np.ascontiguousarray(mixing, float)
    user_data, start = compiled.user_data.copy(), compiled.initial_point_func
    user_data["mixing"] = (len(places), places.ctypes.data, mixing.ctypes.data)

    def begin(seed: Any) -> np.ndarray:
        point = np.array(start(seed))
        point[places] = np.linalg.solve(mixing, point[places])  # which also keeps both arrays alive
        return point

    return replace(compiled, user_data=user_data, initial_point_func=begin)


def _mixed(x: np.ndarray, places: np.ndarray, mixing: np.ndarray) -> np.ndarray:
    """A point of the model, of a point in mixed coordinates; it is compiled with what calls it."""
    moved = x.copy()
    for i in range(len(places)):
        total = 0.0
        for j in range(len(places)):
            total += mixing[i, j] * x[places[j]]
        moved[places[i]] = total
    return moved


def _density(
    n_dim: int, inner: Any, user_data: np.ndarray, keys: Sequence[str], shared: Mapping[str, np.ndarray]
) -> tuple[Callable[..., int], str]:
    """Log density and its gradient as nutpie calls them, and their signature."""
    written = _written(DENSITY, "density", inner, user_data, keys, shared, n_dim=n_dim)
    return written, "int64(uint64, CPointer(double), CPointer(double), CPointer(double), voidptr)"


def _expansion(
    n_dim: int,
    n_expanded: int,
    inner: Any,
    user_data: np.ndarray,
    keys: Sequence[str],
    shared: Mapping[str, np.ndarray],
) -> tuple[Callable[..., int], str]:
    """What follows from a point, as nutpie calls it, and its signature."""
    written = _written(EXPANSION, "expansion", inner, user_data, keys, shared, n_dim=n_dim, n_expanded=n_expanded)
    return written, "int64(uint64, uint64, CPointer(double), CPointer(double), voidptr)"


def _written(
    template: str,
    name: str,
    inner: Any,
    user_data: np.ndarray,
    keys: Sequence[str],
    shared: Mapping[str, np.ndarray],
    **sizes: int,
) -> Callable[..., int]:
    """A function about one that PyTensor compiled, kept under what both are made of.

    ``user_data`` holds three blocks of unsigned integers: addresses of the arrays, their sizes, their shapes.
    """
    import numba
    from nutpie.compile_pymc import address_as_void_pointer
    from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

    order = list(user_data.dtype["shared"]["data"].names or ())
    starts = 2 * len(order) + np.cumsum([0, *(shared[key].ndim for key in order)])
    arrays = []
    for key in keys:
        place, dtype = order.index(key), shared[key].dtype
        shape = "".join(f"int(at[{starts[place] + axis}]), " for axis in range(shared[key].ndim))
        arrays.append(f"numba.carray(pointer(at[{place}]), ({shape}), np.{np.dtype(dtype).type.__name__})")
    point = POINT.format(width=starts[-1], n_dim=sizes["n_dim"])
    source = template.format(point=point, arrays=", ".join(arrays), **sizes)
    known = CACHED_SRC_FUNCTIONS.get(inner.py_func) or uuid.uuid4().hex  # what PyTensor cannot keep is not found again
    made_of = (
        known,
        inspect.getsource(_mixed),
        source,
        *(version(package) for package in ("pytensor", "nutpie", "numba")),
    )
    return compile_numba_function_src(
        source,
        name,
        global_env={
            **{"inner": inner, "np": np, "numba": numba, "pointer": address_as_void_pointer},
            "mixed": numba.njit(_mixed),
            "__name__": __name__,  # which Numba looks up where it reads what it kept
        },
        cache_key=hashlib.sha256(repr(made_of).encode()).hexdigest(),
    )
