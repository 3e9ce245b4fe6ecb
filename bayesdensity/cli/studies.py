"""Commands about what goes in: studies and tables."""

from __future__ import annotations

from pathlib import Path

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import AsJson, Folder, Settings, app, load, parsed, show


@app.command
def studies() -> None:
    """List the shipped studies."""
    from bayesdensity.study.load import load_study, study_names

    for name in study_names():
        print(f"{name:20s} {load_study(name).title}")


@app.command(name="show")
def show_study(study: str, *, settings: Settings = None, data: Folder = None, as_json: AsJson = False) -> None:
    """Show a study: what it uses, who enters, what it leaves out and why, and every prior with its reason.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    """
    from bayesdensity.render.sections import study as section

    show(section, *load(study, parsed(settings), data), as_json=as_json)


@app.command
def validate(folder: Path) -> None:
    """Check a folder of tables, and list every fault with file and row.

    Parameters
    ----------
    folder : Path
        Holds any of llms.csv, scores.csv, reference_runs.csv and benchmarks.csv.
    """
    from bayesdensity.data.tables import validate_folder

    faults = validate_folder(folder)
    if faults:
        raise InputError("\n".join(faults))
    print(f"{folder}: no fault found.")
