"""Windows hold what was released inside them."""

from __future__ import annotations

import pandas as pd

from bayesdensity.published.windows import Window, windows


def test_windows_hold_what_was_released_inside() -> None:
    dates = pd.Series(pd.to_datetime(["2023-02-24", "2024-10-31", "2024-11-01", "2025-06-01"]))
    first, second, last = windows(dates)
    assert first.holds(dates).tolist() == [True, True, False, False]
    assert second.holds(dates).sum() == 3 and last == Window("all releases", "2023-02-24", "2025-06-01")
    # A window that nothing distinguishes from all releases, or that holds one day, is not told.
    assert [one.name for one in windows(dates[:2])] == ["all releases"]
    assert len(windows(pd.Series(pd.to_datetime(["2025-04-01", "2025-06-01"])))) == 1
