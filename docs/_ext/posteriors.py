"""Write the posteriors that come with the package: `python docs/_ext/posteriors.py FITS`, a folder of files of `fit`.

Each file of the folder becomes the posterior of the same name. `STUDY.FORM.nc` is of another form of the study.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bayesdensity.data.shipped import ENDING, FOLDER
from bayesdensity.evaluation.certificate import certificate, fit_basis
from bayesdensity.inference.condensing import condensed
from bayesdensity.inference.result import load_fit

if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.nc")):
        fit = load_fit(path)
        asked = {"study": path.name.split(".")[0], "overrides": fit.about.get("command", "")}
        record = certificate(fit_basis(fit), {}, command=fit.about["command"], seed=fit.about["seed"], asked_for=asked)
        place = condensed(fit, certificate=record).save(FOLDER / f"{path.stem}{ENDING}", packed=True)
        print(f"{place.name}: {place.stat().st_size / 1e6:.2f} MB")
