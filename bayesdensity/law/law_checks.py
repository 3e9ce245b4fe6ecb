"""Checks of a law fitted alone, under the protocol of all checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bayesdensity import laws
from bayesdensity.base.format import interval, scaled
from bayesdensity.checks import Check, Verdict
from bayesdensity.checks.prior_sensitivity import PRIOR_ONLY
from bayesdensity.checks.protocol import judged, thinned
from bayesdensity.checks.reference_fit import LEAST, law_tests, map_tests, normal_score
from bayesdensity.checks.residuals import depends
from bayesdensity.checks.sampler import convergence_check
from bayesdensity.checks.score_prediction import loo_weights, uniform
from bayesdensity.law.design import SEPARATE
from bayesdensity.law.fitted import LawFit, natural_parameters, no_floor
from bayesdensity.law.modes import Mode, coordinate_draws, share_of_draws, term_modes
from bayesdensity.law.noise import error_distribution, log_likelihood, residuals
from bayesdensity.law.ranking import leave_one_run_out

SURE = 3.0
"""Standard errors by which a loss that rises with size or data rises surely."""
NEVER, LIKELY = 0.005, 3.0
"""Share of draws below which no chain reached a mode; one whose log density is lower by less should have been."""
MIXED = 1.05
"""R-hat above which chains disagree about a mode."""
DECISIVE = 10.0
"""Bayes factor from which on losses tell whether there is a floor (Kass and Raftery 1995: strong)."""


def check_law(fit: LawFit) -> tuple[Check, ...]:
    """Every check of a law, in the order in which they are told."""
    results = (check(fit) for check in LAW_CHECKS)
    return tuple(result for result in results if result is not None)


def check_convergence(fit: LawFit) -> Check:
    """Whether the chains sampled one distribution."""
    return convergence_check(fit.diagnostics)


def check_losses(fit: LawFit) -> Check:
    """Losses fall with size and with data, as every law has it; by least squares of their logarithms."""
    bench, faults, figures = fit.data["run_benchmark"].to_numpy(), [], dict[str, float]()
    variables, logs = [variable for variable in fit.study.form.variables if variable.falls], fit.run_logs()
    for b, name in enumerate(fit.data["benchmark"].to_numpy()):
        on_it = bench == b
        x = np.column_stack([np.ones(on_it.sum()), *(logs[variable.letter][on_it] for variable in variables)])
        y = np.log(fit.data["run_loss"].to_numpy()[on_it])
        slope, *_ = np.linalg.lstsq(x, y, rcond=None)
        free = max(len(y) - x.shape[1], 1)
        error = np.sqrt(np.sum((y - x @ slope) ** 2) / free * np.diag(np.linalg.pinv(x.T @ x)))
        for variable, rise, se in zip(variables, slope[1:], error[1:], strict=True):
            figures[f"{variable.name} on {name}"] = float(rise)
            if rise > SURE * max(se, 1e-9):
                faults.append(f"{name}: losses rise with {variable.name} ({rise:+.3f} for each e-fold)")
    if not faults:
        return Check("losses", "PASS", "losses fall with what the law reads.", figures=figures)
    remedy = "Look for mixed units, swapped columns, or unfinished trainings; no law here can rise."
    return Check("losses", "FAIL", "; ".join(faults) + ".", remedy, figures)


def check_modes(fit: LawFit) -> Check:
    """Whether the posterior has two explanations of the same losses: which of the terms falls slowly."""
    if not {"size_exponent", "data_exponent"} <= set(fit.study.form.part_names()):
        return Check("modes", "PASS", "a law of one variable has one explanation.")
    import arviz

    several, worst_rhat = {name: modes for name, modes in term_modes(fit).items() if len(modes) > 1}, 1.0
    if not several:
        return Check("modes", "PASS", "one explanation: no second mode of comparable density was found.")
    explanations, figures, unreached = [], dict[str, float](), False
    for name, modes in several.items():
        contrast = np.log(fit.law.parts()["size_exponent"] / fit.law.parts()["data_exponent"]).sel(benchmark=name)
        rhat = float(arviz.rhat(contrast.to_dataset(name="x"))["x"]) if contrast.sizes["chain"] > 1 else np.inf
        worst_rhat, shares = max(worst_rhat, rhat), share_of_draws(fit, name, modes)
        figures[f"R-hat on {name}"] = rhat
        pairs = list(zip(modes, shares, strict=True))
        unreached |= any(share < NEVER and mode.log_density > -LIKELY for mode, share in pairs)
        explanations.append(f"{name}: " + " or ".join(_explanation(mode, share) for mode, share in pairs))
    shut = worst_rhat > MIXED or unreached
    verdict: Verdict = "FAIL" if shut else "REVIEW"
    end = "; chains do not move between them, so their shares mean nothing" if shut else ""
    ways = ["let benchmarks share exponents (--pool)"] if not fit.study.pool and fit.data.sizes["benchmark"] > 1 else []
    if fit.study.law == "densing":
        ways = ["Give the law a floor (--law chinchilla)", *ways, "choose a mode (--slow)"]
    remedy = f"{', or '.join([*ways, 'bring runs over more sizes and amounts of data'])}."
    return Check(
        "modes",
        verdict,
        "two explanations. " + "; ".join(explanations) + end + ".",
        remedy[0].upper() + remedy[1:],
        figures,
    )


def _explanation(mode: Mode, share: float) -> str:
    return f"exponents of size {mode.size_exponent:.2f} and data {mode.data_exponent:.2f} ({share:.0%} of draws)"


def check_residuals(fit: LawFit) -> Check:
    """Losses scatter about the law as modelled, and do not bend away from it."""
    bench = fit.data["run_benchmark"].to_numpy()
    u = error_distribution(fit, bench).cdf(residuals(fit))
    step = max(1, u.shape[0] * u.shape[1] // 100)
    z = normal_score(u.reshape(-1, u.shape[-1])[::step])
    by_benchmark = law_tests(fit.data, fit.run_logs(), z).values()
    tests = {claim: p for tests in by_benchmark for claim, p in tests.items()} | _unread(fit, z)
    if not tests:
        return Check("residuals", "REVIEW", f"fewer than {LEAST} runs: nobody can see a misfit.", "Bring more runs.")
    remedy = "Try another law or noise (--compare, --noise one-sided), or leave out undertrained runs (--exclude)."
    return judged("residuals", tests, {"law": remedy}, "losses scatter about the law as modelled.")


def _unread(fit: LawFit, z: np.ndarray) -> dict[str, float]:
    """p-values of losses that do not depend on what varies between the runs and the law does not read."""
    bench, tests, read = fit.data["run_benchmark"].to_numpy(), dict[str, float](), fit.study.form.reads
    unread = [variable for letter, variable in laws.VARIABLES.items() if letter not in read and not variable.combined]
    for b, name in enumerate(fit.data["benchmark"].to_numpy()):
        on_it = bench == b
        plain = np.stack([np.ones(on_it.sum()), *(values[on_it] for values in fit.run_logs().values())])
        for variable in unread:
            x = fit.data[f"run_log_{variable.letter}"].to_numpy()[on_it]
            rest = x - plain.T @ np.linalg.lstsq(plain.T, x, rcond=None)[0]
            if np.ptp(rest) > SEPARATE and on_it.sum() >= LEAST:
                claim = f"law: losses on {name} depend on {variable.name}, which it does not read"
                tests[claim] = depends(z[:, on_it], x, plain)
    return tests


def check_predictions(fit: LawFit) -> Check:
    """Each loss lies where the other runs predict it: leave-one-out probability integral transforms."""
    bench = fit.data["run_benchmark"].to_numpy()
    log_like = log_likelihood(fit).to_numpy().reshape(-1, len(bench))
    below = error_distribution(fit, bench).cdf(residuals(fit)).reshape(-1, len(bench))
    pit = (loo_weights(log_like) * below.T).sum(axis=1)
    tests = {}
    for b, name in enumerate(fit.data["benchmark"].to_numpy()):
        on_it = bench == b
        if on_it.sum() >= LEAST:
            tests[f"losses on {name} lie higher or lower than predicted"] = uniform(pit[on_it])
            tests[f"losses on {name} scatter more or less than predicted"] = uniform(2 * np.abs(pit[on_it] - 0.5))
    loo = leave_one_run_out(fit)
    large = int((loo["pareto_k"] > loo["good_k"]).sum())
    inside = float((np.abs(pit - 0.5) <= 0.45).mean())
    more = f" ({large} of them pull the fit too much to be left out by weights)" if large else ""
    fine = f"{inside:.0%} of the losses lie inside the 90 % interval that the others predict{more}."
    remedy = "Try another noise (--noise), and look at the runs far off."
    return judged("predictions", tests, {"losses": remedy}, fine)


def check_identified(fit: LawFit) -> Check:
    """Posterior over prior standard deviation of what is sampled of the law, and whether losses tell of a floor."""
    none, unknown = no_floor(fit), list[str]()
    open_floors = [label for label, share in none.items() if _open(share, fit.study.priors["irreducible_share"].none)]
    figures = {f"no floor on {label}": share for label, share in none.items()}
    for name in fit.study.form.coordinates:
        stated = fit.study.priors.get(name)
        draws = coordinate_draws(fit, name, stated) if stated is not None else None
        if stated is None or draws is None:
            continue
        for b, label in enumerate(fit.data["benchmark"].to_numpy()):
            figures[f"{name} on {label}"] = ratio = float(draws[..., b].std() / stated.sigma)
            if ratio > PRIOR_ONLY and not (stated.none and label in open_floors):
                unknown.append(f"{name} on {label} ({ratio:.0%})")
    faults = [f"as wide as their priors: {_first(unknown)}"] if unknown else []
    if open_floors:
        told = _floors(fit, open_floors)
        faults = [f"the floor is the prior's, for losses do not tell whether there is one: {told}", *faults]
    if not faults:
        return Check(
            "identified", "PASS", "all that is sampled for a benchmark is known better than its prior.", figures=figures
        )
    remedy = "Do not report these as findings: they repeat the priors. Bring runs over more sizes and amounts of data."
    return Check("identified", "REVIEW", "; ".join(faults) + ".", remedy, figures)


def _open(posterior: float, prior: float) -> bool:
    """Whether the Bayes factor between no floor and a floor is decisive for neither, by the probabilities of none."""
    none, some = posterior * (1 - prior), (1 - posterior) * prior
    return none < DECISIVE * some and some < DECISIVE * none


def _floors(fit: LawFit, labels: Sequence[str]) -> str:
    """Floors with the probability that there is none."""
    stated, none, floor = fit.study.priors["irreducible_share"].none, no_floor(fit), natural_parameters(fit)["E"]
    ends = {label: interval(floor.summary.sel(benchmark=label), scaled) for label in labels}
    told = [f"E on {label} is {ends[label]} and none with probability {none[label]:.2f}" for label in labels]
    return f"{_first(told)} ({stated:g} in the prior)"


def _first(told: Sequence[str], most: int = 4) -> str:
    """The first of a list, and how many more there are."""
    more = f" and {len(told) - most} more" if told[most:] else ""
    return ", ".join(told[:most]) + more


def check_map(fit: LawFit) -> Check | None:
    """Scores follow the map from loss; None without scores."""
    if not fit.data.sizes["map"]:
        return None
    by_benchmark = map_tests(fit.data, thinned(fit)).values()
    tests = {claim: p for tests in by_benchmark for claim, p in tests.items()}
    remedy = "Do not use scores predicted for these benchmarks; their losses stand."
    return judged("map", tests, {"map": remedy}, "scores follow the map from loss.")


LAW_CHECKS: tuple[Callable[[LawFit], Check | None], ...] = (
    check_convergence,
    check_losses,
    check_modes,
    check_residuals,
    check_predictions,
    check_identified,
    check_map,
)
"""Every check of a law, in the order in which they are told; each gives None where it does not apply."""
