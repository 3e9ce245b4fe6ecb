"""Every loss law of the registry: its published formula, what is sampled of it, and how it is passed about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesdensity import laws
from bayesdensity.laws.loss import terms
from bayesdensity.study.load import load_study

Form = type[laws.Law]
Values = Mapping[str, Any]

CENTRE = {"n": np.log(7e8), "d": np.log(3e10), "u": np.log(3e10), "e": np.log(8), "c": np.log(6 * 7e8 * 3e10)}
UNITS = {
    "n": np.geomspace(1e7, 1e12, 4),
    "d": np.geomspace(1e8, 2e13, 4),
    "u": np.array([0.02, 0.3, 1.0]),  # share of the tokens
    "e": np.array([1.0, 8.0, 64.0]),
    "c": np.geomspace(1e16, 1e26, 9),
}
ELASTICITY_OF = {"size_elasticity": "n", "data_elasticity": "d"}

each_law = pytest.mark.parametrize("form", laws.LAWS.values(), ids=laws.LAWS)
examples = settings(max_examples=40, deadline=None)
LEVELS = st.floats(-1, 2)
STEPS = st.floats(-2, 2)


def data_constrained(p: Values, v: Values) -> Any:
    repetitions = v["d"] / v["u"] - 1
    worth = v["u"] + v["u"] * p["R*"] * (1 - np.exp(-repetitions / p["R*"]))
    return p["E"] + p["A"] * v["n"] ** -p["alpha"] + p["B"] * worth ** -p["beta"]


def experts(p: Values, v: Values) -> Any:
    size = p["A"] * v["e"] ** p["delta"] * v["n"] ** -(p["alpha"] + p["gamma"] * np.log(v["e"]))
    return p["E"] + size + p["B"] * v["e"] ** p["omega"] * v["d"] ** -(p["beta"] + p["zeta"] * np.log(v["e"]))


PUBLISHED: dict[str, Callable[[Values, Values], Any]] = {
    "chinchilla": lambda p, v: p["E"] + p["A"] * v["n"] ** -p["alpha"] + p["B"] * v["d"] ** -p["beta"],
    "densing": lambda p, v: p["A"] * v["n"] ** -p["alpha"] + p["B"] * v["d"] ** -p["beta"],
    "kaplan": lambda p, v: ((p["N_c"] / v["n"]) ** (p["alpha_N"] / p["alpha_D"]) + p["D_c"] / v["d"]) ** p["alpha_D"],
    "data-constrained": data_constrained,
    "experts": experts,
    "size": lambda p, v: p["E"] + p["A"] * v["n"] ** -p["alpha"],
    "data": lambda p, v: p["E"] + p["B"] * v["d"] ** -p["beta"],
    "compute": lambda p, v: p["E"] + p["K"] * v["c"] ** -p["gamma"],
}


def coordinates_of(form: Form, trim: float = 0.0) -> st.SearchStrategy[dict[str, float]]:
    """Coordinates within the intervals of their priors, less a share of the interval at either end."""
    intervals = {name: np.array(prior.interval) for name, prior in form.coordinates.items()}
    return st.fixed_dictionaries({name: st.floats(*(i + trim * (i[::-1] - i))) for name, i in intervals.items()})


def laws_of[L: laws.Law](form: type[L], trim: float = 0.0) -> st.SearchStrategy[L]:
    return st.builds(form.from_coordinates, LEVELS, coordinates_of(form, trim))


@st.composite
def points_of(draw: st.DrawFn, form: Form) -> dict[str, float]:
    x = {letter: draw(STEPS) for letter in form.reads}
    return {**x, "u": x["d"] - draw(st.floats(0, 3))} if "u" in x else x


def origin(form: Form, **moved: float) -> dict[str, float]:
    return {**dict.fromkeys(form.reads, 0.0), **moved}


def fall(law: laws.Law, letter: str) -> float:
    """-dlnL/dx at the centre, by finite differences."""
    step = 1e-5
    low, high = (law.loss(origin(type(law), **{letter: sign * step})) for sign in (-1, 1))
    return float((np.log(low) - np.log(high)) / (2 * step))


@each_law
@given(data=st.data())
@examples
def test_centre_and_published_formula_give_equal_losses(form: Form, data: st.DataObject) -> None:
    law = data.draw(laws_of(form))
    units = dict(zip(form.reads, np.meshgrid(*(UNITS[letter] for letter in form.reads)), strict=True))
    if "u" in units:
        units["u"] = units["u"] * units["d"]
    x = {letter: np.log(value) - CENTRE[letter] for letter, value in units.items()}
    np.testing.assert_allclose(law.loss(x), PUBLISHED[form.name](law.natural(CENTRE), units), rtol=1e-10)


@each_law
@given(data=st.data(), level=LEVELS)
@examples
def test_coordinates_are_level_and_elasticities_at_the_centre(form: Form, data: st.DataObject, level: float) -> None:
    at = data.draw(coordinates_of(form))
    law = form.from_coordinates(level, at)
    assert law.relative(origin(form)) == pytest.approx(1, rel=1e-12)
    assert law.loss(origin(form)) == pytest.approx(np.exp(level), rel=1e-12)
    weights = form.weights({coordinate: value for coordinate, value in at.items() if "elasticity" not in coordinate})
    assert {form.elasticities[exponent] for exponent in weights} == {name for name in at if name.endswith("elasticity")}
    for exponent, weight in weights.items():
        name = form.elasticities[exponent]
        assert weight * law.parts()[exponent] == pytest.approx(at[name], rel=1e-12)
        assert fall(law, ELASTICITY_OF.get(name, form.reads[0])) == pytest.approx(at[name], rel=1e-5)


@each_law
@given(data=st.data())
@examples
def test_inverse_gives_back_what_the_law_reads_first_or_infinity(form: Form, data: st.DataObject) -> None:
    law, x = data.draw(laws_of(form, trim=0.25)), data.draw(points_of(form))
    assert law.inverse(law.loss(x), x) == pytest.approx(x[form.reads[0]], abs=1e-6)
    lowest = law.loss({**x, form.reads[0]: 1e4})
    assert law.inverse(lowest * (1 - 1e-9), x) == np.inf
    assert np.isfinite(law.inverse(lowest * (1 + 1e-6), x))


@given(laws_of(laws.DataConstrained, trim=0.25), STEPS, STEPS, st.floats(0.1, 4))
@examples
def test_repeated_tokens_are_worth_less_than_fresh_ones(
    law: laws.DataConstrained, n: float, unique: float, more: float
) -> None:
    plain = laws.Chinchilla(**{name: law.parts()[name] for name in laws.Chinchilla.part_names()})
    once, fresh = plain.loss({"n": n, "d": unique}), plain.loss({"n": n, "d": unique + more})
    assert law.loss({"n": n, "d": unique, "u": unique}) == pytest.approx(once, rel=1e-12)
    assert fresh < law.loss({"n": n, "d": unique + more, "u": unique}) < once
    limit = plain.loss({"n": n, "d": unique + np.log(1 + law.repetitions)})
    assert law.loss({"n": n, "d": unique + 9, "u": unique}) == pytest.approx(limit, rel=1e-9)


@given(laws_of(laws.Experts), points_of(laws.Experts))
@examples
def test_experts_gain_at_the_centre_and_without_gains_and_bends_are_chinchilla(
    law: laws.Experts, x: dict[str, float]
) -> None:
    gain = law.share_size * law.size_gain + law.share_data * law.data_gain
    assert fall(law, "e") == pytest.approx(gain, rel=1e-5, abs=1e-9)
    parts = {name: law.parts()[name] for name in laws.Chinchilla.part_names()}
    still = laws.Experts(**parts, size_gain=0.0, data_gain=0.0, size_bend=0.0, data_bend=0.0)
    plain = laws.Chinchilla(**parts)
    assert still.loss(x) == pytest.approx(plain.loss(x), rel=1e-12)
    nothing = dict.fromkeys(("gamma", "zeta", "delta", "omega"), 0.0)
    assert still.natural(CENTRE) == pytest.approx({**plain.natural(CENTRE), **nothing}, rel=1e-12)


@each_law
@given(data=st.data())
@examples
def test_parts_rebuild_the_law(form: Form, data: st.DataObject) -> None:
    one, other = data.draw(laws_of(form)), data.draw(laws_of(form))
    assert tuple(one.parts()) == form.part_names() and form(**one.parts()) == one
    backwards = {f"law_{name}": value for name, value in reversed(one.parts().items())}
    assert laws.drawn_law(form, {**backwards, "other": 0.0}) == one
    both = form(**{name: np.array([part, other.parts()[name]]) for name, part in one.parts().items()})
    assert (both.mapped(itemgetter(0)), both.mapped(itemgetter(1))) == (one, other)


@each_law
def test_floats_arrays_xarray_and_pytensor_agree(form: Form) -> None:
    import pytensor.tensor as pt
    from pytensor.compile.maker import function

    def everything(v: Values) -> list[Any]:
        law = form.from_coordinates(v["level"], v)
        return [law.loss(v), *law.parts().values(), *law.natural(CENTRE).values()]

    arrays = {name: np.linspace(*prior.interval, 5) for name, prior in form.coordinates.items()}
    arrays |= {letter: np.array([-2.0, 1, 0, 3, 2]) for letter in form.reads} | {"level": np.linspace(-0.5, 1, 5)}
    arrays = {name: np.roll(array, shift) for shift, (name, array) in enumerate(arrays.items())}
    if "u" in arrays:
        arrays["u"] = arrays["d"] - np.arange(5) / 2
    symbols = {name: pt.dvector(name) for name in arrays}
    compiled = function(list(symbols.values()), everything(symbols), mode="FAST_COMPILE")
    labelled = everything({name: xr.DataArray(array, dims="run") for name, array in arrays.items()})
    alone = [everything({name: float(array[i]) for name, array in arrays.items()}) for i in range(5)]
    kinds = zip(everything(arrays), labelled, compiled(*arrays.values()), zip(*alone, strict=True), strict=True)
    for array, named, tensor, floats in kinds:
        assert named.dims == ("run",)
        for values in (named.to_numpy(), tensor, floats):
            np.testing.assert_allclose(values, array, rtol=1e-10)


def test_the_example_of_a_new_law_is_a_law_of_its_formula() -> None:
    from bayesdensity.laws import loss

    lines = dedent((loss.__doc__ or "").partition("::\n")[2].rpartition("The column")[0])
    scope: dict[str, Any] = {"np": np, "terms": terms, "Law": laws.Law, "Variable": laws.Variable, "Number": Any}
    exec(
        compile(lines, "example", "exec", dont_inherit=True),
        scope := scope | {"dataclass": dataclass, "__name__": "example"},
    )
    law = scope["Bits"].from_coordinates(0.3, {"elasticity": 0.1})
    made, centre = law.natural({"b": np.log(1e9)}), np.log(1e9)
    assert law.loss({"b": np.log(4e9) - centre}) == pytest.approx(made["K"] * 4e9 ** -made["gamma"])
    assert law.inverse(law.loss({"b": 0.7}), {}) == pytest.approx(0.7) and scope["BITS"].default({"params": 2}) == 32
    assert law.reads == ("b",) and law.log_loss_centre == 0.3


def test_a_reference_can_have_the_laws_whose_powers_of_size_and_data_are_separate() -> None:
    assert set(laws.LADDER_LAWS) == {"chinchilla", "densing"}
    for form in laws.LADDER_LAWS.values():
        law = form.from_coordinates(0.3, {name: prior.interval[0] for name, prior in form.coordinates.items()})
        powers = law.powers()
        for letter, share, exponent in zip("nd", powers[:2], powers[2:], strict=True):
            fallen = law.relative(origin(form)) - law.relative(origin(form, **{letter: 1.5}))
            assert fallen == pytest.approx(share * (1 - np.exp(-1.5 * exponent)))


def named_forms(form: Form = laws.Law) -> Iterator[Form]:
    for child in form.__subclasses__():
        yield from ([child] if hasattr(child, "name") and child.__module__.startswith("bayesdensity.") else [])
        yield from named_forms(child)


def test_registry_holds_every_law_under_a_name_of_its_own() -> None:
    forms = list(named_forms())
    assert sorted(form.name for form in forms) == sorted(laws.LAWS) == sorted(PUBLISHED)
    assert all(form.name == name for name, form in laws.LAWS.items())
    assert len({form.title for form in forms}) == len({form.formula for form in forms}) == len(forms)


@each_law
def test_law_states_formula_source_and_what_it_reads(form: Form) -> None:
    assert re.search(r"arXiv \d{4}\.\d{5}, equation \d", form.source)
    assert set(form.reads) <= set(laws.VARIABLES)
    law = form.from_coordinates(0.3, {name: prior.interval[1] for name, prior in form.coordinates.items()})
    symbols = set(re.findall(r"[A-Za-z_]+\*?", form.formula))
    published = {"n": "N", "d": "D", "u": "U", "e": "X", "c": "C"}
    assert symbols - {"L", "ln", "exp"} == set(law.natural(CENTRE)) | {published[letter] for letter in form.reads}


@each_law
def test_priors_are_of_what_the_law_is_made_from(form: Form) -> None:
    at = {name: prior.interval[0] for name, prior in form.coordinates.items()}
    assert form.from_coordinates(0.3, at).log_loss_centre == 0.3
    for name in at:
        with pytest.raises(KeyError, match=name):
            form.from_coordinates(0.3, {other: value for other, value in at.items() if other != name})
    assert set(form.exponents) == set(form.elasticities) <= set(form.part_names())


@pytest.mark.parametrize("name", ["size_share", "size_elasticity", "data_elasticity"])
def test_priors_are_those_of_the_default_study(name: str) -> None:
    shipped = load_study("densing-law").priors[name]
    stated = [form.coordinates[name] for form in laws.LAWS.values() if name in form.coordinates]
    alone = {"size_elasticity": laws.SizeOnly, "data_elasticity": laws.DataOnly}
    stated += [alone[name].coordinates["elasticity"]] if name in alone else []
    assert {(prior.shape, prior.interval) for prior in stated} == {(shipped.shape, shipped.interval)}


@pytest.mark.parametrize("name", [name for name, form in laws.LAWS.items() if form.has_floor()])
def test_a_law_without_any_floor_is_a_law_still(name: str) -> None:
    form = laws.LAWS[name]
    law = form.from_coordinates(0.3, {key: prior.interval[0] for key, prior in form.coordinates.items()})
    assert law.parts()["share_irreducible"] == law.natural(CENTRE)["E"] == 0
    x = origin(form, **{form.reads[0]: 0.7})
    assert law.loss(origin(form)) == pytest.approx(np.exp(0.3)) and law.inverse(law.loss(x), x) == pytest.approx(0.7)
    far = {letter: 1e6 if letter in "ndcu" else 0.0 for letter in form.reads}
    assert law.loss(far) == pytest.approx(0)
