"""The commands of what follows from density: what the same quality costs, and what hardware adds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bayesdensity.base.defaults import CHAINS, DRAWS, TUNE
from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    check_data,
    check_fit_files,
    check_stem,
    command_line,
    exit_status,
    judging,
    show,
    tables_of,
)
from bayesdensity.cli.options import AsJson, Chains, Ci, Draws, Folder, Levels, Score, Seed, Tune, many
from bayesdensity.cli.surroundings import put


@judging
def prices(
    benchmark: str = "MMLU",
    *,
    level: Annotated[Levels, many("Score at which the rate is told: repeatable, two or more.")] = None,
    reference: Annotated[Score, Parameter(help="Score of the frontier in table and figure.")] = None,
    data: Folder = None,
    ci: Ci = 0.9,
    chains: Chains = CHAINS,
    draws: Draws = DRAWS,
    tune: Tune = TUNE,
    seed: Seed = 1,
    output: Annotated[
        Path | None, Parameter(name=["-o", "--output"], help="STEM of figure and file: STEM-prices.png and .json.")
    ] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, Parameter(name="--csv", negative="", help="Print CSV on standard output.")] = False,
) -> int:
    """Tell how fast the price of the same quality falls, and why published numbers differ.

    Quality is the score on a benchmark: MMLU stands beside prices in prices.csv; other benchmarks, such as
    GPQA-Diamond, are taken from scores.csv.

    Parameters
    ----------
    benchmark : str
        Holds quality fixed.
    chains : int
        Number of chains.
    draws : int
        Draws kept in each chain.
    tune : int
        Draws discarded in each chain.
    seed : int
        Seed of the sampler.
    """
    check_stem(output, "prices")
    check_data(data)
    from bayesdensity.base.progress import reporting
    from bayesdensity.data.offers import assemble_offers, read_offers
    from bayesdensity.study.price_spec import price_study

    tables = tables_of(data)
    offers = read_offers(tables, benchmark)
    study = price_study(benchmark, tuple(level) if level else None, reference)
    assemble_offers(study, offers)  # refuses what cannot be answered before anything heavy is imported
    say(f"price of the same {benchmark}  [{study.digest}]")
    with reporting(chains, draws, tune) as report:
        from bayesdensity.inference.pricing import fit_prices

        settings = {"chains": chains, "draws": draws, "tune": tune, "seed": seed}
        fit = fit_prices(study, offers, progress=report.chains, stage=report.stage, **settings)
    from bayesdensity.checks.sampler import convergence_check
    from bayesdensity.quantities.price_answer import PriceAnswer
    from bayesdensity.render.sections import prices as section

    answer = PriceAnswer(fit, offers, ci)
    if as_csv and not as_json:
        put(section.halving_table(answer).csv(), end="")
    else:
        show(section, answer, as_json=as_json)
    if output is not None:
        from bayesdensity.base.jsonable import jsonable
        from bayesdensity.evaluation.certificate import price_basis, save_certified
        from bayesdensity.plots.files import save_figure
        from bayesdensity.plots.prices import plot_prices

        files = save_figure(plot_prices(answer), output, "prices")
        asked = {"prices": benchmark, "--level": level, "--reference": reference, "--data": data and str(data)}
        command = command_line("prices", benchmark, {**dict([*asked.items()][1:]), "--seed": seed, "-o": output.name})
        file, basis = output.with_name(f"{output.name}-prices.json"), price_basis(study, offers, tables)
        about = {"command": command, "seed": seed, "asked_for": asked}
        files.append(save_certified(file, jsonable(section.data(answer)), basis, **about))
        say(f"wrote {', '.join(file.name for file in files)}")
    return exit_status([convergence_check(fit.diagnostics)])


@judging
def chips(path: Path, *, ci: Ci = 0.9, seed: Seed = 1, as_json: AsJson = False) -> int:
    """Add the growth of hardware to that of density: the effective size that a fixed price, or a device, runs.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    seed : int
        Seed of the draws of the rates of hardware, which are independent of the fit.
    """
    check_fit_files(path)
    from bayesdensity.checks import checks_of
    from bayesdensity.inference.result import load_fit
    from bayesdensity.quantities import require_targets
    from bayesdensity.render.sections import chips as section

    fit = load_fit(path)
    require_targets(fit)
    show(section, fit, ci, seed, as_json=as_json)
    return exit_status(checks_of(fit))
