"""`bayesdensity import`: tables of ours out of a published one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import app
from bayesdensity.cli.surroundings import put


@app.command(name="import")
def import_file(
    file: Path, *, output: Annotated[Path, Parameter(name=["-o", "--output"], help="New folder of the tables.")]
) -> None:
    """Make llms.csv and scores.csv out of a table of models and scores, and tell every guess.

    Parameters
    ----------
    file : Path
        CSV: one column for each benchmark, or the columns benchmark and score; one column names the models.
    """
    from bayesdensity.base.files import make_folder, writable_folder, write_whole
    from bayesdensity.data.importing import import_table
    from bayesdensity.data.tables import read_tables, validate_folder

    if output.exists():
        raise InputError(f"-o {output}: is there already; name a new folder.")
    writable_folder(output)
    bundled = read_tables()
    found = import_table(file, list(bundled.benchmarks["benchmark"]), bundled.llms)
    scores = found.scores[found.scores["llm"].isin(found.llms["llm"])]
    make_folder(output)
    for name, table in (("llms", found.llms), ("scores", scores)):
        write_whole(output / f"{name}.csv", table.to_csv(index=False, lineterminator="\n").encode())
    for guess in found.guesses:
        put(f"  {guess}")
    put(f"{output}: {len(found.llms)} LLMs and {len(scores)} scores on {', '.join(scores['benchmark'].unique())}.")
    if faults := validate_folder(output):
        raise InputError("\n".join(["what is left to mend by hand:", *faults]))
    put(f"Look through both files; then name {output} with --data.")
