"""Priors that are felt are named, and a rate that only repeats its prior is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.checks import Check, Verdict, refuse_if_unidentified
from bayesdensity.checks.prior_sensitivity import check_identification, check_priors, log_priors
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE


def stated(fit: Fit, name: str) -> Any:
    """The normal of a prior, on the scale on which its 90 % interval is symmetric."""
    prior = fit.study.priors[name]
    scale: Any = {"normal": lambda x: x, "lognormal": np.log, "logit-normal": special.logit}[prior.shape]
    lower, upper = (float(scale(end)) for end in prior.interval)
    return stats.norm((lower + upper) / 2, (upper - lower) / 2 / stats.norm.ppf(0.95))


def test_the_density_of_every_prior_is_the_one_that_is_stated(world_fit: Fit) -> None:
    """Differences between draws: constants do not matter to scaling a prior by a power."""
    at = {str(name): values.to_numpy() for name, values in world_fit.posterior.data_vars.items()}
    # On the scale of the interval: a name in the posterior, and what makes the quantity of it.
    on_scale = {
        **{name: at[name] for name in ("rate", "curvature", "dispersion_growth", "link_contrast")},
        **{name: at[name] for name in ("family_asymmetry", "asymmetry_growth")},
        "beyond_stretch": at["link_stretch"].mean(axis=-1),
        "beyond_contrast": at["link_stretch"] - at["link_stretch"].mean(axis=-1, keepdims=True),
        **{name: at[f"log_{name}"] for name in ("size_exponent", "link_slope")},
        "size_share": at["logit_size_share"],
        "level": at["origin"] + at["level"].mean(axis=-1),
        "ceiling_gap": np.log(1 - at["ceiling"]),
    }
    shaped = world_fit.study.priors
    rest = [name for name in type(shaped).model_fields if name in at and name not in on_scale]
    assert {"noise_scale", "cell_scatter", "data_elasticity", "harness_scale"} <= set(rest)
    assert all(shaped[name].shape == "lognormal" for name in rest)
    on_scale |= {name: np.log(at[name]) for name in rest}
    found = log_priors(world_fit)
    assert set(found) == set(on_scale)
    for name, value in on_scale.items():
        assert found[name].dims == SAMPLE
        wanted = stated(world_fit, name).logpdf(value).reshape(*value.shape[:2], -1).sum(axis=-1)
        got = found[name].to_numpy()
        np.testing.assert_allclose(got - got[0, 0], wanted - wanted[0, 0], atol=1e-9, err_msg=name)
        assert np.ptp(got) > 0


def drawn_anew(fit: Fit, name: str, scale: float, seed: int = 5) -> Fit:
    """The fit with other draws of one quantity: normal about its prior mean, with a share of its prior's deviation."""
    prior = stated(fit, name)
    values = np.random.default_rng(seed).normal(prior.mean(), scale * prior.std(), fit.posterior["rate"].shape)
    return replace(fit, posterior=fit.posterior.assign({name: (SAMPLE, values)}))


def test_a_prior_that_is_not_overruled_is_felt_and_named(world_fit: Fit) -> None:
    few = replace(world_fit, posterior=world_fit.posterior.isel(draw=slice(None, None, 2)))
    felt = check_priors(drawn_anew(few, "rate", 1.0))
    assert felt.verdict == "REVIEW" and felt.sentence.startswith("the rates feel the prior of rate (0.")
    assert felt.figures["rate"] > 0.05 and "Halve and double" in felt.remedy
    assert set(felt.figures) == set(log_priors(few))
    not_felt = check_priors(drawn_anew(few, "rate", 0.1))
    assert not_felt.figures["rate"] < 0.05
    assert "prior of rate" not in not_felt.sentence


def test_a_posterior_of_much_data_feels_no_prior(world_fit: Fit) -> None:
    draws = world_fit.posterior.isel(draw=slice(None, None, 2))
    middle = draws.mean(SAMPLE)
    sure = replace(world_fit, posterior=middle + 0.1 * (draws - middle))
    found = check_priors(sure)
    assert (found.verdict, found.remedy) == ("PASS", "")
    assert found.sentence.startswith("no prior moves the rates of frontier and mean (")
    most = max(found.figures, key=lambda name: found.figures[name])
    assert f"({most} most: {found.figures[most]:.2f} of 0.05)" in found.sentence


def refusal(check: Check) -> UnidentifiedError:
    with pytest.raises(UnidentifiedError) as raised:
        refuse_if_unidentified([Check("scores", "PASS", ""), check])
    return raised.value


def test_a_rate_that_repeats_its_prior_is_refused(world_fit: Fit) -> None:
    found = check_identification(drawn_anew(world_fit, "rate", 1.0))
    assert found.verdict == "FAIL" and found.figures["rate"] == pytest.approx(1, abs=0.05)
    assert found.sentence.startswith("the posterior of the rate is as wide as its prior (")
    error = refusal(found)
    assert error.exit_status == 3 and str(error) == f"{found.sentence} {found.remedy}"


@pytest.mark.parametrize(("share", "verdict"), [(0.93, "FAIL"), (0.85, "REVIEW"), (0.55, "REVIEW"), (0.45, "PASS")])
def test_a_rate_is_judged_by_what_was_learned_of_it(world_fit: Fit, share: float, verdict: Verdict) -> None:
    found = check_identification(drawn_anew(world_fit, "rate", share))
    assert found.verdict == verdict and found.figures["rate"] == pytest.approx(share, abs=0.03)
    if verdict == "REVIEW":
        assert "known little better than its prior" in found.sentence and found.remedy
    if verdict != "FAIL":
        refuse_if_unidentified([found])


def test_only_an_unidentified_rate_is_refused() -> None:
    refuse_if_unidentified([])
    refuse_if_unidentified([Check("scores", "FAIL", "odd."), Check("identification", "REVIEW", "wide.")])


def test_what_only_repeats_its_prior_is_named(world_fit: Fit) -> None:
    found = check_identification(drawn_anew(world_fit, "curvature", 1.0))
    assert found.verdict == "REVIEW" and "as wide as their priors: curvature (" in found.sentence
    assert "Do not report these as findings" in found.remedy and "dispersion" not in found.sentence
    straight = replace(world_fit, posterior=world_fit.posterior.drop_vars("curvature"))
    assert "curvature" not in check_identification(straight).figures


def test_a_benchmark_whose_rate_is_drawn_from_the_others_is_named(world_fit: Fit) -> None:
    """Departures of benchmarks that are nothing but draws from their own spread, which sum to zero."""
    draws = world_fit.posterior
    spread = draws["slope_spread"].to_numpy()
    # Departures of variance 2/3, as three that sum to zero have, dealt evenly to small and large spreads: random ones
    # would be too few where the spread is large.
    dealt = np.array(list(permutations((1.0, -1.0, 0.0))))
    rank = spread.ravel().argsort().argsort().reshape(spread.shape)
    values = spread[..., None] * dealt[rank % len(dealt)]
    unknown = replace(world_fit, posterior=draws.assign(benchmark_slope=draws["benchmark_slope"].copy(data=values)))
    found = check_identification(unknown)
    for name in ("Reading", "Sums", "Code"):
        assert found.figures[f"rate on {name}"] == pytest.approx(1, abs=0.1)
        assert f"rate on {name} (" in found.sentence
    assert found.verdict == "REVIEW"


def test_the_rate_of_the_small_world_is_known(world_fit: Fit) -> None:
    found = check_identification(world_fit)
    assert found.verdict == "PASS" and found.sentence.startswith("the rate is known far better than its prior (")
    sd = float(world_fit.posterior["rate"].std())
    assert found.figures["rate"] == pytest.approx(sd / stated(world_fit, "rate").std(), rel=1e-6)
