"""What density may go with, of every LLM: columns of numbers from their means, and of words against one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.base.errors import InputError, UnidentifiedError, one_of
from bayesdensity.base.format import enumerated
from bayesdensity.data.dates import years
from bayesdensity.data.selection import Selection
from bayesdensity.study.covariates import BENCHMARK_AGE, Covariate, log_benchmark_age
from bayesdensity.study.spec import Study

Array = NDArray[np.float64]


class Column(NamedTuple):
    """One number of every LLM, or of every cell."""

    label: str
    """The covariate, and of words which of them."""
    covariate: str
    value: Array
    """Not a number where it is not known."""
    centre: float | None
    """Where trends are read off; None: the mean of those known."""
    against: str = ""
    """Of words, that which others are compared with."""


def covariates_of(study: Study, selection: Selection, cells: pd.DataFrame, time_centre: float) -> xr.Dataset:
    """Covariates of a study, as its model sees them; empty where it has none.

    Parameters
    ----------
    study : Study
    selection : Selection
    cells : pandas.DataFrame
        The cells, those of targets first: ``llm`` and ``benchmark``, by name.
    time_centre : float
        Mean release of the LLMs, as `bayesdensity.data.dates.years` counts.

    Returns
    -------
    xarray.Dataset
        Dims ``llm``, ``cell`` and ``covariate``: see `bayesdensity.data.variables.VARIABLES`.

    Raises
    ------
    InputError
        If a column of words is empty for an LLM, or a centre is none of its values.
    UnidentifiedError
        If all LLMs have the same.
    """
    if not study.covariates:
        return xr.Dataset()
    own = cells["llm"].isin(selection.llms.index).to_numpy()
    columns = [
        one for name, stated in study.covariates.items() for one in _columns(name, stated, selection, cells[own])
    ]
    names = [one.covariate for one in columns]
    parts = [study.covariates[name].priors for name in names]
    means = np.array([np.nanmean(one.value) for one in columns])
    offset = [0.0 if one.centre is None else one.centre - mean for one, mean in zip(columns, means, strict=True)]
    of_llms = np.zeros((len(selection.llms), len(columns)))
    in_cells = np.zeros((len(cells), len(columns)))
    for k, (one, mean) in enumerate(zip(columns, means, strict=True)):
        if study.covariates[one.covariate].of == BENCHMARK_AGE:
            in_cells[own, k] = one.value - mean
        else:
            of_llms[:, k] = one.value - mean
    several = len(study.benchmarks) > 1
    data = xr.Dataset(
        {
            "covariate_value": (("llm", "covariate"), of_llms),
            "covariate_in_cell": (("cell", "covariate"), in_cells),
            "covariate_mean": ("covariate", means),
            "covariate_offset": ("covariate", offset),
            "covariate_grows": ("covariate", ["growth" in one for one in parts]),
            "covariate_departs": ("covariate", [several and "between_benchmarks" in one for one in parts]),
        },
        coords={
            "covariate": [one.label for one in columns],
            "covariate_name": ("covariate", names),
            "covariate_against": ("covariate", [one.against for one in columns]),
        },
    )
    if in_cells.any():
        published = pd.DatetimeIndex(selection.benchmarks["published"])
        data["benchmark_published"] = "benchmark", years(published) - time_centre
    return data


def told_apart(data: xr.Dataset) -> pd.DataFrame:
    """How well covariates can be told apart from the date, from each other and from families; one row for each column.

    ``unknown``: LLMs of which it is imputed. ``with_date`` and ``with_rest``: share of its variance that a parabola in
    time explains, and that with all other covariates. ``within_families``: share of its variance that lies within
    families; what lies between them is told from few. ``llms``: of words, LLMs that have the word.

    Parameters
    ----------
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it, of a study with covariates.
    """
    own, entity = np.arange(data.attrs["n_target_cells"]), data["cell_entity"].to_numpy()
    time, in_cells = data["time"].to_numpy(), data["covariate_in_cell"].to_numpy()[own]
    of_llms = data["covariate_value"].to_numpy()
    family = data["family_index"].to_numpy()
    rows = {}
    for k, label in enumerate(data["covariate"].to_numpy()):
        every = np.nan_to_num(np.delete(of_llms, k, axis=1))
        value, at, of = of_llms[:, k], time, np.arange(len(time))
        if in_cells[:, k].any():  # of cells: benchmarks have rates of their own
            of, value = entity[own], in_cells[:, k]
            at = time[of]
            bench = np.eye(data.sizes["benchmark"])[data["cell_benchmark"].to_numpy()[own]]
            every = np.concatenate([every[of], bench[:, 1:], bench[:, 1:] * at[:, None]], axis=1)
        known = np.isfinite(value)
        date = np.stack([np.ones_like(at), at, at**2], axis=1)
        dummies = np.eye(data.sizes["family"])[family[of]]
        rows[str(label)] = {
            "unknown": int((~known).sum()),
            "with_date": _explained(value[known], date[known]),
            "with_rest": _explained(value[known], np.concatenate([date, every], axis=1)[known]),
            "within_families": 1 - _explained(value[known], dummies[known]),
            "llms": int((value > 0).sum()) if data["covariate_against"].to_numpy()[k] else 0,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("covariate")


def _explained(value: Array, by: Array) -> float:
    """Share of the variance that least squares explain."""
    rest = value - by @ np.linalg.lstsq(by, value)[0]
    return float(1 - (rest**2).sum() / ((value - value.mean()) ** 2).sum())


def doubts(data: xr.Dataset) -> list[str]:
    """What keeps the effects of covariates from being told apart, in a sentence each."""
    found = []
    for label, row in told_apart(data).iterrows():
        if row["with_date"] > COLLINEAR:
            found.append(
                f"covariate '{label}' goes with the date ({row['with_date']:.0%} of its variance): its effect and the "
                "growth that remains cannot be told apart, only their sum."
            )
        elif row["with_rest"] > COLLINEAR:
            found.append(
                f"covariate '{label}' goes with the date and the other covariates ({row['with_rest']:.0%} of its "
                "variance): what it does cannot be told from what they do."
            )
        if row["within_families"] < BETWEEN:
            found.append(f"covariate '{label}' is the same within families: its effect is told between families alone.")
        if 0 < row["llms"] < FEW:
            some = "one LLM, which tells" if row["llms"] == 1 else f"{row['llms']:.0f} LLMs, which tell"
            found.append(f"covariate '{label}' is that of {some} little of it.")
    return found


COLLINEAR = 0.9
"""Share of the variance of a covariate that others explain, above which its effect is not told apart."""
BETWEEN, FEW = 0.01, 5
"""Share of the variance within families, and LLMs with a word, below which it is said."""


def _columns(name: str, stated: Covariate, selection: Selection, cells: pd.DataFrame) -> Iterator[Column]:
    """The columns that a covariate makes."""
    values = _values(stated, selection, cells)
    if values.dtype.kind == "f":
        if not np.nanmax(values) > np.nanmin(values):
            raise UnidentifiedError(f"covariate '{name}': {_all_alike(stated, f'{np.nanmax(values):g}')}")
        centre = stated.centre
        if isinstance(centre, str):
            raise InputError(f"covariate '{name}': '{stated.of}' holds numbers; its centre is no '{centre}'.")
        yield Column(
            name, name, values, centre if centre is None or not stated.computed else stated.computed.log(centre)
        )
        return
    words, count = np.unique(values, return_counts=True)
    centre = str(words[count.argmax()] if stated.centre is None else stated.centre)
    if centre not in words:
        raise InputError(f"covariate '{name}': its centre is none of the LLMs': {one_of(centre, words, stated.of)}")
    if len(words) == 1:
        raise UnidentifiedError(f"covariate '{name}': {_all_alike(stated, words[0])}")
    for word in words[words != centre]:
        yield Column(f"{name}: {word}", name, (values == word).astype(float), 0.0, centre)


def _all_alike(stated: Covariate, value: str) -> str:
    return f"all LLMs have {value} in '{stated.of}', and nothing tells what it does; leave it out."


def _values(stated: Covariate, selection: Selection, cells: pd.DataFrame) -> NDArray[Any]:
    """Numbers, or words, of every LLM; of the age of benchmarks of every cell."""
    llms, of = selection.llms, stated.of
    if of == BENCHMARK_AGE:
        return _ages(selection, cells)
    if stated.computed is not None:
        size, total, active = (llms[name].to_numpy(float) for name in ("size", "params_total", "params_active"))
        tokens = llms["train_tokens"].to_numpy(float)
        per_param, sparsity = tokens / size, total / active
        known = {"log_tokens_per_param": per_param, "log_train_tokens": tokens, "log_size": size, "sparsity": sparsity}
        natural = known[of]
        if np.isnan(natural).all():
            raise UnidentifiedError(f"'{of}' is known of no LLM of the study: state train_tokens in llms.csv.")
        return np.asarray(stated.computed.log(natural))
    column = llms[of]
    numbers = pd.to_numeric(column, errors="coerce")
    empty = column.isna() | (column.astype(str) == "")
    if not empty.all() and (numbers.notna() | empty).all():
        return np.asarray(numbers, dtype=float)
    if empty.any():
        raise InputError(
            f"llms.csv: '{of}' is empty for {enumerated(llms.index[empty][:3])}; it is a covariate: fill it."
        )
    return np.asarray(column, dtype=str)


def _ages(selection: Selection, cells: pd.DataFrame) -> Array:
    """Of each cell the logarithm of one year and the age of its benchmark when its LLM was released."""
    published = selection.benchmarks["published"]
    if published.isna().any():
        names = enumerated(published.index[published.isna()])
        raise InputError(f"benchmarks.csv: {names} without the day in 'published', and so without an age; state it.")
    released = years(selection.llms["release_date"].loc[cells["llm"]])
    age = released - years(published.loc[cells["benchmark"]])
    return log_benchmark_age(age)


def size_as_covariate(group: xr.Dataset) -> xr.Dataset:
    """Draws, or data, of a fit of a former version, which knew size alone for a covariate."""
    if "size_effect" in group:
        effect = group["size_effect"].expand_dims(covariate=["size"], axis=-1)
        return group.drop_vars("size_effect").assign(covariate_effect=effect)
    if "log_size" not in group:
        return group
    none, value = np.zeros((group.sizes["cell"], 1)), group["log_size"].to_numpy()[:, None]
    return group.assign(
        covariate_value=(("llm", "covariate"), value),
        covariate_in_cell=(("cell", "covariate"), none),
        covariate_mean=("covariate", [group.attrs["log_size_centre"]]),
        covariate_offset=("covariate", [0.0]),
        covariate_grows=("covariate", [False]),
        covariate_departs=("covariate", [False]),
    ).assign_coords(covariate=["size"], covariate_name=("covariate", ["size"]), covariate_against=("covariate", [""]))
