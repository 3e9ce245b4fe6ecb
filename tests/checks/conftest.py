"""What several files of checks share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from crowded import crowded

from bayesdensity.inference.result import Fit


@pytest.fixture(scope="session")
def crowd(world_fit: Fit) -> Fit:
    """Sixty families as of the small world, fitted as ever."""
    return crowded(replace(world_fit, posterior=world_fit.posterior.isel(draw=slice(None, None, 5))))
