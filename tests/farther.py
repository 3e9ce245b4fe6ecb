"""What a log size counts for beyond the largest of the reference, written down a second time."""

from __future__ import annotations

from typing import Any

import numpy as np


def counted(size: Any, largest: Any, stretch: Any) -> Any:
    """Log size on the curve as it would go on."""
    return size + (np.exp(stretch) - 1) * 0.5 * (size - largest + np.hypot(size - largest, 0.2))


def uncounted(counts_for: Any, largest: Any, stretch: Any) -> Any:
    """Log size that counts for another, by bisection."""
    low, high = np.asarray(counts_for) - 40.0, np.asarray(counts_for) + 40.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        less = counted(middle, largest, stretch) < counts_for
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return 0.5 * (low + high)
