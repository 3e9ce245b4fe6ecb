"""Laws and links say the same in every parametrisation and on every kind of number."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from bayesdensity import laws

CENTRE_N, CENTRE_D = np.log(7e8), np.log(3e10)
CENTRE = {"n": CENTRE_N, "d": CENTRE_D}


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


LAWS = st.builds(
    laws.Chinchilla,
    log_loss_centre=numbers(-1, 2),
    share_irreducible=numbers(0, 0.7),
    share_size=numbers(0.05, 0.25),
    size_exponent=numbers(0.03, 0.6),
    data_exponent=numbers(0.03, 0.6),
)
LINKS = st.builds(
    laws.Link,
    level=numbers(-3, 3),
    slope=numbers(0.1, 2),
    exponent=numbers(0.02, 0.5),
    largest=numbers(-1, 3),
    stretch=st.sampled_from([0.0]) | numbers(-1, 1),
)
STEPS = numbers(-4, 4)


@given(LAWS)
def test_centre_and_natural_parameters_give_equal_losses(law: laws.Chinchilla) -> None:
    n, d = np.meshgrid(np.geomspace(1e7, 1e12, 6), np.geomspace(1e8, 2e13, 5))
    natural = law.natural(CENTRE)
    chinchilla = natural["E"] + natural["A"] * n ** -natural["alpha"] + natural["B"] * d ** -natural["beta"]
    np.testing.assert_allclose(law.loss({"n": np.log(n) - CENTRE_N, "d": np.log(d) - CENTRE_D}), chinchilla, rtol=1e-10)


@given(LAWS)
def test_shares_sum_to_one_at_the_centre(law: laws.Chinchilla) -> None:
    assert law.share_irreducible + law.share_size + law.share_data == pytest.approx(1)
    assert law.loss({"n": 0.0, "d": 0.0}) == pytest.approx(np.exp(law.log_loss_centre))


@given(LAWS)
def test_elasticity_at_the_centre_is_exponent_times_share(law: laws.Chinchilla) -> None:
    step = 1e-5
    slope = (np.log(law.loss({"n": step, "d": 0.0})) - np.log(law.loss({"n": -step, "d": 0.0}))) / (2 * step)
    assert -slope == pytest.approx(law.size_exponent * law.share_size, rel=1e-4)


@given(LAWS, STEPS, numbers(0.01, 2))
def test_loss_falls_with_size_and_data_but_never_below_its_floor(law: laws.Chinchilla, x: float, more: float) -> None:
    here = law.loss({"n": x, "d": x})
    assert law.loss({"n": x + more, "d": x}) < here
    assert law.loss({"n": x, "d": x + more}) < here
    floor = law.natural(CENTRE)["E"]
    assert law.loss({"n": 60.0, "d": 60.0}) >= floor


@given(LINKS, STEPS)
def test_size_of_logit_inverts_logit_of_size(link: laws.Link, x: float) -> None:
    assert laws.size_of_logit(link, laws.logit_of_size(link, x)) == pytest.approx(x, abs=1e-8)


@given(LINKS, numbers(1e-6, 5))
def test_no_size_reaches_above_the_highest_logit(link: laws.Link, beyond: float) -> None:
    highest = laws.highest_logit(link)
    assert laws.logit_of_size(link, 1e4) == pytest.approx(highest)
    assert laws.size_of_logit(link, highest + beyond) == np.inf
    assert np.isfinite(laws.size_of_logit(link, highest - beyond))


@given(LINKS, STEPS)
def test_derivative_is_that_of_finite_differences(link: laws.Link, x: float) -> None:
    step = 1e-5
    rise = (laws.logit_of_size(link, x + step) - laws.logit_of_size(link, x - step)) / (2 * step)
    assert laws.logits_per_log_size(link, x) == pytest.approx(rise, rel=1e-5)


@given(LINKS, STEPS)
def test_bounded_size_stays_near_the_size_where_the_reference_is_steep(link: laws.Link, x: float) -> None:
    eta = laws.logit_of_size(link, x)
    size, steep = laws.bounded_size_of_logit(link, eta, 0.05)
    # What is left of the slope at the origin; beyond the largest member a size counts for more or less than itself.
    if 1 - link.exponent * (eta - link.level) / link.slope > 0.5:
        assert size == pytest.approx(x, abs=0.05)
        assert steep == pytest.approx(laws.logits_per_log_size(link, x), rel=0.02)
    assert np.isfinite(laws.bounded_size_of_logit(link, laws.highest_logit(link) + 1, 0.05)).all()


@pytest.mark.parametrize("exponent", [1e-6, 1e-3, 0.3])
def test_bounded_size_is_exact_at_the_origin_however_small_the_exponent(exponent: float) -> None:
    size, steep = laws.bounded_size_of_logit(laws.Link(0.4, 0.6, exponent), 0.4, 0.05)
    assert (size, steep) == (0.0, 0.6)


@given(LINKS, STEPS, STEPS)
def test_shifted_is_the_same_curve(link: laws.Link, x: float, origin: float) -> None:
    moved = laws.shifted(link, origin)
    assert laws.logit_of_size(moved, x - origin) == pytest.approx(laws.logit_of_size(link, x), abs=1e-9)
    assert laws.highest_logit(moved) == pytest.approx(laws.highest_logit(link), abs=1e-9)


@given(LAWS, numbers(-2, 2), numbers(1, 20), STEPS, numbers(-2, 6))
def test_ladder_link_is_the_map_of_the_loss(
    law: laws.Chinchilla, map_logit: float, map_slope: float, x: float, log_d: float
) -> None:
    link = laws.ladder_link(law, log_d, map_logit, map_slope, map_loss=0.9)
    composed = map_logit - map_slope * (law.loss({"n": x, "d": log_d}) - 0.9)
    assert laws.logit_of_size(link, x) == pytest.approx(composed, abs=1e-8)


def test_score_lies_between_floor_and_ceiling_and_half_way_at_zero() -> None:
    eta = np.linspace(-30, 30, 101)
    score = laws.score(eta, 0.25, 0.95)
    assert (np.diff(score) >= 0).all() and score[0] == pytest.approx(0.25) and score[-1] == pytest.approx(0.95)
    assert laws.score(0.0, 0.25, 0.95) == pytest.approx(0.6)


def test_floats_arrays_xarray_and_pytensor_agree() -> None:
    import pytensor
    import pytensor.tensor as pt

    law, link = laws.Chinchilla(0.3, 0.2, 0.5, 0.25, 0.3), laws.Link(0.4, 0.6, 0.15)
    grid = np.linspace(-2, 2, 5)

    def everything(x):  # type: ignore[no-untyped-def]
        return [law.loss({"n": x, "d": 0.5 * x}), laws.logit_of_size(link, x), laws.score(x, 0.25, 0.9)]

    symbol = pt.dvector("x")
    tensors = pytensor.function([symbol], everything(symbol), mode="FAST_COMPILE")(grid)
    labelled = everything(xr.DataArray(grid, dims="llm"))
    for array, named, tensor, alone in zip(
        everything(grid), labelled, tensors, zip(*(everything(float(x)) for x in grid), strict=True), strict=True
    ):
        assert named.dims == ("llm",)
        for other in (named.to_numpy(), tensor, alone):
            np.testing.assert_allclose(other, array, rtol=1e-12)
