"""Settings of the whole test suite."""

from __future__ import annotations

import os

# Figures are drawn without a display; set before anything imports matplotlib.
os.environ.setdefault("MPLBACKEND", "Agg")
