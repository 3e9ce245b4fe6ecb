"""Commands about what goes in: studies and tables."""

from __future__ import annotations

from pathlib import Path

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import app, load, parsed, show
from bayesdensity.cli.options import AsJson, Folder, Settings
from bayesdensity.cli.surroundings import put


@app.command
def studies() -> None:
    """List the shipped studies."""
    from bayesdensity.study.load import load_study, study_names

    for name in study_names():
        put(f"{name:20s} {load_study(name).title}")


@app.command(name="show")
def show_study(study: str, *, settings: Settings = None, data: Folder = None, as_json: AsJson = False) -> None:
    """Show a study: what it uses, who enters, what it leaves out and why, and every prior with its reason.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    """
    chosen, tables = load(study, parsed(settings), data)
    from bayesdensity.render.sections import study as section

    show(section, chosen, tables, as_json=as_json)


@app.command
def validate(folder: Path) -> None:
    """Check a folder of tables, and list every kind of fault with file and rows.

    Parameters
    ----------
    folder : Path
        Holds any of llms.csv, scores.csv, reference_runs.csv, benchmarks.csv and prices.csv.
    """
    from bayesdensity.data.faults import listed, visible
    from bayesdensity.data.tables import origins, validate_folder

    faults = validate_folder(folder)
    if faults:
        raise InputError(f"{listed(faults)}\n{origins(folder)}")
    put(f"{visible(folder)}: no fault found. {origins(folder)}")
