"""Predicted trainings lie on law and map, and scatter about them as the runs of a ladder do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from planted import ladder

from bayesdensity import quantities as q

PARAMS, TOKENS = (4e8, 7e9, 7e10), (2e10, 4e12, 2e13)


def test_without_noise_trainings_lie_on_law_and_map() -> None:
    fit = ladder(1)
    quiet = {name: 0 * fit.posterior[name] for name in ("loss_noise", "map_scatter", "map_overdispersion")}
    data = fit.data.assign(n_items=fit.data["n_items"] * 1e12)
    fit = replace(fit, data=data, posterior=fit.posterior.assign(quiet))
    loss, score = (estimate.draws.isel(chain=0, draw=0) for estimate in q.predict_trainings(fit, PARAMS, TOKENS))
    at = {str(name): values.to_numpy()[0, 0] for name, values in fit.posterior.data_vars.items()}
    for b in range(data.sizes["benchmark"]):
        floor_share, size_share = at["law_share_irreducible"][b], at["law_share_size"][b]
        by_size = (
            size_share * (np.array(PARAMS) / np.exp(data.attrs["ladder_log_n_centre"])) ** -at["law_size_exponent"][b]
        )
        by_data = (np.array(TOKENS) / np.exp(data.attrs["ladder_log_d_centre"])) ** -at["law_data_exponent"][b]
        by_data = (1 - floor_share - size_share) * by_data
        wanted = np.exp(at["law_log_loss_centre"][b] + at["law_miss"][b]) * (floor_share + by_size + by_data)
        np.testing.assert_allclose(loss[:, b], wanted, rtol=1e-9)
        eta = at["map_logit"][b] - at["map_slope"][b] * (wanted - float(data["map_centre"][b]))
        floor, ceiling = float(data["floor"][b]), at["ceiling"][b]
        np.testing.assert_allclose(score[:, b], floor + (ceiling - floor) / (1 + np.exp(-eta)), atol=1e-5)


def test_runs_of_a_ladder_lie_in_their_predictive_intervals() -> None:
    held = []
    for seed in range(10):
        fit = ladder(seed)
        data, bench = fit.data, fit.data["run_benchmark"].to_numpy()
        size = np.exp(data["run_log_n"].to_numpy() + data.attrs["ladder_log_n_centre"])
        tokens = np.exp(data["run_log_d"].to_numpy() + data.attrs["ladder_log_d_centre"])
        near = data["run_beyond"].to_numpy() == 0
        summary = q.predict_trainings(fit, size, tokens, misfit=False)[0].summary
        lower, upper = (summary[end].to_numpy()[np.arange(len(bench)), bench] for end in ("lower", "upper"))
        observed = data["run_loss"].to_numpy()
        held.append(((lower < observed) & (observed < upper))[near])
    assert 0.83 < np.concatenate(held).mean() < 0.95
