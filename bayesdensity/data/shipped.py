"""Posteriors that come with the package: fits of shipped studies, thinned and rounded, by name."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER, ENDING = Path(__file__).parent / "posteriors", ".nc.gz"


def shipped_posteriors() -> list[str]:
    """Names of the posteriors that come with the package: of studies, and of other forms as ``STUDY.FORM``."""
    return sorted(path.name.removesuffix(ENDING) for path in FOLDER.glob(f"*{ENDING}"))


def is_shipped(path: str | Path) -> bool:
    """Whether what was given names a posterior that comes with the package, and no file."""
    text = str(path)
    return os.sep not in text and not os.path.lexists(text) and (FOLDER / f"{text}{ENDING}").is_file()


def fit_file(path: str | Path) -> Path:
    """File of a fit: where there is none of that name, that of the posterior that comes with the package."""
    return FOLDER / f"{path}{ENDING}" if is_shipped(path) else Path(path)


def forms_of(path: str | Path) -> list[Path]:
    """What was given, and the other forms of the same study that come with the package where it names one of them."""
    if not is_shipped(path):
        return [Path(path)]
    return [Path(name) for name in shipped_posteriors() if name == str(path) or name.startswith(f"{path}.")]
