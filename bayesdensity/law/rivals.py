"""A law beside every other that the same runs can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bayesdensity import laws
from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.data.runs import Runs
from bayesdensity.law.fitted import LawFit, fit_law
from bayesdensity.study.law_spec import law_study


def fit_rivals(
    fitted: LawFit,
    runs: Runs,
    *,
    overrides: Mapping[str, Any],
    settings: Mapping[str, Any],
    sampler: Mapping[str, Any],
    progress: Callable[[str], None],
) -> dict[str, LawFit]:
    """Fits of every law that the runs can tell, by name, the given one first.

    Parameters
    ----------
    fitted : LawFit
    runs : Runs
        That it was fitted to.
    overrides : mapping
        Keys of the study of the law and their values; a rival takes those that it has.
    settings : mapping
        Noise and pooling, as `law_study` takes them.
    sampler : mapping
        Chains, draws and seed, as `fit_law` takes them.
    progress : callable
        Called with what is under way.
    """
    fits = {fitted.study.law: fitted}
    for name in laws.LAWS:
        if name in fits:
            continue
        progress(f"comparing with {name}")
        known = law_study(name, map_from=None, **settings).priors
        apply = {key: to for key, to in overrides.items() if key.removeprefix("priors.").split(".")[0] in known}
        try:
            fits[name] = fit_law(law_study(name, apply, map_from=None, **settings), runs, **sampler)
        except UnidentifiedError:
            continue
    return fits
