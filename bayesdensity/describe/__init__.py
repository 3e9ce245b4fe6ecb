"""Studies and fits in words and in JSON: what the command line prints. Every number comes from one Estimate."""

from bayesdensity.describe.densities import densities_csv, densities_json, densities_table, densities_text
from bayesdensity.describe.fit import fit_json, fit_text
from bayesdensity.describe.paper import paper_json, paper_text
from bayesdensity.describe.study import study_json, study_text

__all__ = [
    "densities_csv",
    "densities_json",
    "densities_table",
    "densities_text",
    "fit_json",
    "fit_text",
    "paper_json",
    "paper_text",
    "study_json",
    "study_text",
]
