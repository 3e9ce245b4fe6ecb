"""Where tests stand in for what compiles, samples and judges a fit: the one place that knows these names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

INFERENCE = "bayesdensity.inference"
VARIANTS = "bayesdensity.sensitivity.running"


def compile_by(patch: pytest.MonkeyPatch, compiler: Callable[..., Any]) -> None:
    """Models are compiled by this: given study, data and part, what the sampler needs and the names it keeps."""
    patch.setattr(f"{INFERENCE}.preparing.compile_study", compiler)


def sample_by(patch: pytest.MonkeyPatch, sampler: Callable[..., Any]) -> None:
    """Compiled models are sampled by this."""
    patch.setattr(f"{INFERENCE}.drawing.run_sampler", sampler)


def diagnose_by(patch: pytest.MonkeyPatch, judge: Callable[..., Any]) -> None:
    """Draws are judged by this."""
    patch.setattr(f"{INFERENCE}.result.diagnose", judge)


def fit_by(patch: pytest.MonkeyPatch, fit: Callable[..., Any]) -> None:
    """Commands fit by this."""
    patch.setattr(f"{INFERENCE}.drawing.fit", fit)


def hold(patch: pytest.MonkeyPatch, prepared: Any) -> None:
    """This is the model that fits of variants in this process compiled last."""
    patch.setattr(f"{VARIANTS}._held", [prepared])


@contextmanager
def compiled_by(compiler: Callable[..., Any]) -> Iterator[pytest.MonkeyPatch]:
    """For fixtures that outlive a test; the patch takes more changes."""
    with pytest.MonkeyPatch.context() as patch:
        compile_by(patch, compiler)
        yield patch
