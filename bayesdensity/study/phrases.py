"""What is asked, in words: the one place where estimands and the yardstick are phrased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bayesdensity.base.format import enumerated, size

if TYPE_CHECKING:
    from bayesdensity.study.spec import Reference, Study

Estimand = Literal["frontier", "mean", "envelope"]


def estimand_phrase(estimand: Estimand, quantile: float | str, density: str = "ln density") -> str:
    """An estimand as it stands in sentences, captions and JSON.

    Parameters
    ----------
    estimand : {"frontier", "mean", "envelope"}
    quantile : float or str
        Of releases, that the study calls the frontier; a text where several studies call it otherwise.
    density : str
        What it is taken of; a quantile of the density is the density of the quantile.

    Examples
    --------
    >>> estimand_phrase("frontier", 0.95)
    '0.95 quantile of ln density among releases'
    """
    level = quantile if isinstance(quantile, str) else f"{quantile:g}"
    return {
        "frontier": f"{level} quantile of {density} among releases",
        "mean": f"mean {density} of releases",
        "envelope": f"mean {density} of the densest family so far",
    }[estimand]


def at_equal(study: Study) -> str:
    """What else is equal, where a trend is that at equal covariates: at equal tokens and size."""
    return f", at equal {enumerated(study.covariates)}" if study.covariates else ""


def estimand_label(estimand: Estimand, quantile: float) -> str:
    """An estimand as it heads a row: frontier (0.95 quantile)."""
    return {
        "frontier": f"frontier ({quantile:g} quantile)",
        "mean": "mean of releases",
        "envelope": "envelope of families",
    }[estimand]


def yardstick(reference: Reference) -> str:
    """What sizes are counted in: a family, or a ladder at so many tokens."""
    if reference.kind == "family":
        return reference.yardstick
    return f"{reference.yardstick} at {size(reference.tokens or 0, 2)} tokens"
