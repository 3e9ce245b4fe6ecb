"""Compiled models called as the sampler calls them."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np


def density_and_gradient(compiled: Any, point: np.ndarray) -> tuple[int, float, np.ndarray]:
    """Status, log density and gradient at a point."""
    value, gradient = np.full(1, np.nan), np.full(len(point), np.nan)
    address = ctypes.c_void_p
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, address, address, address, address)(
        compiled.compiled_logp_func.address
    )
    arrays = (point, gradient, value, compiled.user_data)
    return call(len(point), *(array.ctypes.data for array in arrays)), value[0], gradient
