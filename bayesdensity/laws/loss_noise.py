"""How log losses scatter about a law: distributions by kind, as scipy has them."""

from __future__ import annotations

from typing import Any


def loss_noise(kind: str, scale: Any, *, df: float, excess: Any = None) -> Any:
    """Distribution of a log loss about that of the law.

    Parameters
    ----------
    kind : {"student-t", "laplace", "normal", "one-sided"}
        One-sided noise is normal with an exponential excess above the law.
    scale : ndarray
        Scale, of the normal part if one-sided.
    df : float
        Degrees of freedom of a Student-t.
    excess : ndarray, optional
        Mean excess of one-sided noise.

    Returns
    -------
    scipy.stats.rv_frozen
    """
    from scipy import stats

    if kind == "student-t":
        return stats.t(df, scale=scale)
    if kind == "laplace":
        return stats.laplace(scale=scale)
    return stats.norm(scale=scale) if kind == "normal" else stats.exponnorm(excess / scale, scale=scale)
