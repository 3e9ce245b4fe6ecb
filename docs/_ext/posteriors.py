"""Write the posteriors that come with the package: `python docs/_ext/posteriors.py FITS`, a folder of files of `fit`.

Each file of the folder becomes the posterior of the same name. `STUDY.FORM.nc` is of another form of the study.
"""

from __future__ import annotations

import shlex
import sys
from itertools import pairwise
from pathlib import Path

from bayesdensity.data.shipped import ENDING, FOLDER
from bayesdensity.evaluation.certificate import certificate, fit_basis
from bayesdensity.inference.condensing import condensed
from bayesdensity.inference.result import load_fit

if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.nc")):
        fit = load_fit(path)
        words = shlex.split(fit.about["command"])
        settings = [value for option, value in pairwise(words) if option == "--set"]
        asked = {"study": path.name.split(".")[0], "--set": settings, "--data": None, "parts": ["quantities"]}
        record = certificate(fit_basis(fit), {}, command=fit.about["command"], seed=fit.about["seed"], asked_for=asked)
        place = condensed(fit, certificate=record).save(FOLDER / f"{path.stem}{ENDING}", packed=True)
        print(f"{place.name}: {place.stat().st_size / 1e6:.2f} MB")
