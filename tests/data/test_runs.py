"""Runs for a law alone: how they are read and sorted, what a law can learn of them, and what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesdensity.base.errors import BayesDensityError, InputError, UnidentifiedError
from bayesdensity.data.runs import Runs, assemble_runs, read_runs
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.law.design import refuse_design
from bayesdensity.laws import LAWS
from bayesdensity.study.law_spec import EXCESS, MAP_PRIORS, NOISES, law_study
from bayesdensity.study.load import load_study

ONE = [(1e8, 1e10)]
LEAST = "params,tokens,loss\n1e8,1e10,3.1\n2e8,1e10,2.9\n"
ROWS = """\
run,role,params,tokens,unique_tokens,flops,benchmark,loss,loss_unit,score,score_multiple_choice
a,ladder,1e8,1e10,,,MMLU,1.2,bits_per_byte,0.30,
a,ladder,1e8,1e10,,,Web,3.1,nats_per_token,0.9,
b,ladder,2e8,1e10,5e9,,MMLU,1.1,bits_per_byte,0.32,
c,ladder,4e8,8e10,,9e19,MMLU,1.0,bits_per_byte,,0.35
c,ladder,1e10,9e10,,,Web,2.9,nats_per_token,,
d,anchor,2e9,2e11,2e10,,MMLU,0.8,bits_per_byte,0.60,
d,anchor,1e9,3e11,,,Web,2.0,nats_per_token,,
e,excluded,1e8,1e9,,,MMLU,2.0,,0.25,
f,trajectory,7e9,1e12,,,MMLU,0.9,bits_per_byte,0.40,
g,ladder,1e8,2e10,,,MMLU,,bits_per_byte,0.31,
"""
REASONS = {9: "excluded in its table", 10: "a checkpoint before the end of its training", 11: "no loss"}

Own = Callable[..., Runs]


@pytest.fixture(scope="module")
def bundled() -> Tables:
    return read_tables()


@pytest.fixture
def own(tmp_path: Path, bundled: Tables) -> Own:
    """Read a file of one's own beside the bundled benchmarks."""

    def read(content: str, **options: Any) -> Runs:
        (tmp_path / "mine.csv").write_bytes(content.encode())
        return read_runs(str(tmp_path / "mine.csv"), bundled, **options)

    return read


def table(pairs: Iterable[tuple[float, float]], **columns: Any) -> str:
    """A file of runs of these sizes and tokens, with more columns."""
    frame = pd.DataFrame(list(pairs), columns=["params", "tokens"])
    loss = 1.7 + (frame["params"] / 1e8) ** -0.3 + (frame["tokens"] / 1e10) ** -0.3
    return str(frame.assign(loss=loss, **columns).to_csv(index=False))


def refused(ask: Callable[[], object], error: type[BayesDensityError] = InputError) -> str:
    """The sentences of a refusal."""
    with pytest.raises(BayesDensityError) as raised:
        ask()
    assert type(raised.value) is error
    return str(raised.value)


def unidentified(law: str, runs: Runs) -> str:
    """The sentences of a refusal for want of runs."""
    return refused(lambda: refuse_design(LAWS[law], runs), UnidentifiedError)


# A file of one's own


def test_sizes_tokens_and_losses_are_enough(own: Own) -> None:
    runs = own(LEAST)
    assert (runs.name, list(runs.fitted.index), list(runs.fitted["run"])) == ("mine.csv", [2, 3], ["row 2", "row 3"])
    assert set(runs.fitted["suite"]) == {"mine"} and set(runs.fitted["benchmark"]) == {"loss"}
    assert list(runs.fitted["unique_tokens"]) == [1e10, 1e10] and list(runs.fitted["experts"]) == [1, 1]
    assert list(runs.fitted["flops"]) == [6e18, 12e18] and runs.held_out.empty and runs.left_out.empty
    fitted = own(table(ONE * 2, run=["big", ""], suite="s", benchmark="Web", flops=[9e19, ""])).fitted
    assert list(fitted["run"]) == ["big", "row 3"] and list(fitted["flops"]) == [9e19, 6e18]
    assert set(fitted["suite"]) == {"s"} and set(fitted["benchmark"]) == {"Web"}


def test_the_digest_follows_the_contents_of_the_file_alone(own: Own, bundled: Tables) -> None:
    digest = own(LEAST).digest
    assert re.fullmatch("[0-9a-f]{12}", digest) and own(LEAST.replace("\n", "\r\n")).digest == digest
    assert own(LEAST.replace("3.1", "3.2")).digest not in (digest, bundled.digest)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LEAST.replace("2e8", "0.2"), "row 3: params 0.2 of run 'row 3' on 'loss' is no number .* multiply by 1e9"),
        (
            LEAST.replace("2e8,1e10", "2e8,10"),
            "row 3: tokens 10 of run 'row 3' on 'loss' .* multiply by 1e9",
        ),
        (LEAST.replace("2e8,1e10", "2e8,999999"), "row 3: tokens 999999 of run 'row 3' .*at least 1e6"),
        (LEAST.replace("2e8,1e10", "2e8,-1e10"), "row 3: tokens -1e10 of run 'row 3' on 'loss' is no number"),
        (LEAST.replace("2e8,1e10", "2e8,0"), "row 3: tokens is 0 of run 'row 3' on 'loss'; only a trajectory"),
        (LEAST.replace("2e8,1e10", "2e8,ten"), "row 3: tokens ten of run 'row 3' .* write it like 1.5e12"),
        (LEAST.replace("2.9", "0"), "row 3: loss 0 of run 'row 3' on 'loss' is no loss; losses are above 0"),
        (LEAST.replace("2.9", ""), "row 3: there is neither loss nor score of run 'row 3' on 'loss'; give"),
        (table(ONE, unique_tokens=3e10), "row 2: unique_tokens is larger than tokens of run 'row 2'.*; swap them"),
        (table(ONE, unique_tokens="some"), "row 2: unique_tokens some of run 'row 2' .* write it like 1.5e11"),
        (table(ONE, experts=0), "row 2: experts 0 of run 'row 2' on 'loss' is no number .* a dense model has 1"),
        (table(ONE, flops=0), "row 2: flops 0 of run 'row 2' .*; leave it empty for 6 N D"),
        (table(ONE * 2, run="a"), "row 2, 3: 1 group of runs has .* replicates .* one row, with the mean loss"),
        (table(ONE, unique_token=1e9), ": has an unknown column 'unique_token'; did you mean 'unique_tokens'"),
        ("Params,tokens,loss\n1e8,1e10,3\n", ": has no column 'params'; .* Rename 'Params'"),
        ("params,tokens\n1e8,1e10\n", ".* loss"),
        ("", ": is empty; fill it"),
    ],
)
def test_faults_name_the_file_the_row_the_value_and_the_remedy(own: Own, content: str, told: str) -> None:
    said = refused(lambda: own(content))
    assert re.match(r"mine\.csv ?" + told, said) and said.endswith((".", "?")), said
    assert len(said.splitlines()) == 1 + told.count("\n"), said


@pytest.mark.parametrize("role", ["anchor", "trajectory", "excluded"])
def test_no_run_left_to_fit_is_unidentified(own: Own, role: str) -> None:
    said = unidentified("size", own(table(ONE, role=role)))
    assert said == "mine.csv: no run with a loss is left to fit; bring some, or hold out fewer."
    with pytest.raises(BayesDensityError, match=r"^mine\.csv: .*(bring|add) some"):
        refuse_design(LAWS["size"], own("params,tokens,loss\n"))


def test_a_run_that_nothing_can_predict_cannot_be_held_out(own: Own) -> None:
    told = "mine.csv: run 'b' cannot be held out: excluded by hand."
    assert refused(lambda: own(ROWS, hold_out=["b"], exclude=["b"])) == told
    told = "mine.csv: run 'row 2' cannot be held out: no fitted run on its benchmark."
    assert refused(lambda: own(LEAST, hold_out=["row 2"], exclude=["row 3"])) == told


def test_unknown_names_are_answered_with_the_near_ones(own: Own, bundled: Tables) -> None:
    told = "mine.csv: there is no run 'bb'. Did you mean 'b'? Valid: a, b, c, d, e, f, g."
    assert refused(lambda: own(ROWS, hold_out=["a", "bb"])) == told
    assert refused(lambda: own(ROWS, exclude=["a", "bb"])) == told
    told = "mine.csv: there is no benchmark 'Webb'. Did you mean 'Web'? Valid: MMLU, Web."
    assert refused(lambda: own(ROWS, benchmarks=["MMLU", "Webb"])) == told
    told = r"there is no suite .* 'chinchila'\. Did you mean 'chinchilla'\? Valid: .* path of a \.csv file"
    assert re.match(told, refused(lambda: read_runs("chinchila", bundled)))
    told = r"there is no suite .* 'olmo-trajectory'\. .*Valid: chinchilla, olmo-ladder, scalingbench\."
    assert re.match(told, refused(lambda: read_runs("olmo-trajectory", bundled)))
    assert re.match(r"nowhere.mine\.csv: no such file\.", refused(lambda: read_runs("nowhere/mine.csv", bundled)))


@pytest.mark.parametrize(("unit", "told"), [("nats_per_token", "nats_per_token"), ("", "no unit")])
def test_one_benchmark_has_one_unit_even_of_held_out_runs(own: Own, unit: str, told: str) -> None:
    content = table(ONE * 2, loss_unit=["bits_per_byte", unit], role=["ladder", "anchor"])
    said = f"mine.csv: losses on 'loss' are in bits_per_byte and {told}; convert them to one unit."
    assert refused(lambda: own(content)) == said
    assert len(own(content, exclude=["row 3"]).fitted) == 1


# Which runs are fitted, and what a law sees of them


@pytest.mark.parametrize(
    ("options", "held", "why", "left"),
    [
        ({}, [7, 8], "", []),
        ({"hold_out": ["c"]}, [5, 6, 7, 8], "", []),
        ({"exclude": ["d", "b", "e"]}, [], "excluded by hand", [4, 7, 8]),
        ({"benchmarks": ["MMLU"]}, [7], "another benchmark", [3, 6, 8]),
        ({"benchmarks": ["Web"], "hold_out": ["c"]}, [6, 8], "another benchmark", [2, 4, 5, 7]),
    ],
)
def test_every_row_has_its_place(own: Own, options: dict[str, Any], held: list[int], why: str, left: list[int]) -> None:
    runs = own(ROWS, **options)
    reasons = REASONS | dict.fromkeys(left, why)
    assert list(runs.held_out.index) == held and runs.left_out["reason"].to_dict() == reasons
    assert sorted([*runs.fitted.index, *held, *reasons]) == list(range(2, 12))


def test_two_suites_of_one_file_are_two_benchmarks(own: Own) -> None:
    units = ["nats_per_token", "nats_per_token", "bits_per_byte", "bits_per_byte"]
    more = {"suite": ["t", "t", "s", "s"], "run": ["a", "b", "a", "b"], "loss_unit": units}
    data = assemble_runs(law_study(), own(table([*ONE * 3, (4e8, 1e10)], **more), hold_out=["b"]))
    assert list(data["run"].to_numpy()) == ["a on loss (t)", "a on loss (s)"]
    assert list(data["benchmark"].to_numpy()) == ["loss (t)", "loss (s)"]
    assert list(data["loss_unit"].to_numpy()) == units[1:3]
    np.testing.assert_allclose(np.exp(data["held_log_n"]), [1, 4])


def test_logs_are_counted_from_the_centre_of_each_benchmarks_fitted_runs(own: Own) -> None:
    data = assemble_runs(law_study(), own(ROWS))
    compute = [(6e18 * 12e18 * 9e19) ** (1 / 3), (6e18 * 54e20) ** 0.5]
    for letter, centre, fitted, held in (
        ("n", [2e8, 1e9], [0.5, 0.1, 1, 2, 10], [10, 1]),
        ("d", [2e10, 3e10], [0.5, 1 / 3, 0.5, 4, 3], [10, 10]),
        ("u", [2e10, 3e10], [0.5, 1 / 3, 0.25, 4, 3], [1, 10]),
        ("e", [1, 1], [1] * 5, [1, 1]),
        ("c", compute, np.array([6e18, 6e18, 12e18, 9e19, 54e20]) / np.take(compute, [0, 1, 0, 0, 1]), None),
    ):
        np.testing.assert_allclose(np.exp(data[f"centre_{letter}"]), centre)
        np.testing.assert_allclose(np.exp(data[f"run_log_{letter}"]), fitted)
        if held:
            np.testing.assert_allclose(np.exp(data[f"held_log_{letter}"]), held)
    assert list(data["run_loss"]) == [1.2, 3.1, 1.1, 1.0, 2.9] and list(data["run_benchmark"]) == [0, 1, 0, 0, 1]
    assert list(data["held_loss"]) == [0.8, 2.0] and list(data["held_benchmark"]) == [0, 1]
    assert list(data["benchmark"].to_numpy()) == ["MMLU", "Web"] and data.attrs["suite"] == "mine.csv"
    assert list(data["loss_unit"].to_numpy()) == ["bits_per_byte", "nats_per_token"]
    assert list(data["run"].to_numpy()) == ["a on MMLU", "a on Web", "b on MMLU", "c on MMLU", "c on Web"]
    assert list(data["held"].to_numpy()) == ["d on MMLU", "d on Web"] and set(data["held_run"].to_numpy()) == {"d"}
    without = assemble_runs(law_study(), own(ROWS, exclude=["a", "c"]))
    assert list(without["held"].to_numpy()) == ["d on MMLU"]
    np.testing.assert_allclose(np.exp(without["held_log_n"]), 10)


@pytest.mark.parametrize(
    ("map_from", "pairs"),
    [("score", {1.2: 0.30, 1.1: 0.32}), ("score_multiple_choice", {1.0: 0.35}), (None, {})],
)
def test_pairs_need_a_score_and_a_number_of_items(
    own: Own, map_from: str | None, pairs: dict[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not assemble_runs(law_study(map_from=map_from), own(ROWS)).sizes["map"], "too few for a map"
    monkeypatch.setattr("bayesdensity.data.runs.LEAST_PAIRS", 1)
    data = assemble_runs(law_study(map_from=map_from), own(ROWS))
    assert list(data["map_loss"]) == list(pairs) and list(data["map_value"]) == list(pairs.values())
    held = np.nan if map_from == "score_multiple_choice" else 0.6
    np.testing.assert_array_equal(data["held_score"], [held, np.nan])
    np.testing.assert_array_equal(data["n_items"], [14042, np.nan])
    np.testing.assert_array_equal(data["floor"], [0.25, 0.0])


# What runs can tell of a law

SIZES = (1e8, 2e8, 4e8, 8e8, 16e8, 32e8)
GRID = [(n, d) for n in SIZES[:3] for d in (2e9, 1e10, 5e10)]
CROSS = [(n, d) for n in (1e8, 4e8) for d in (2e9, 1e10)]
LINE = [(n, 20 * n) for n in SIZES]
ONE_SIZE = [(1e8 * (1 + i / 1000), 10 * n) for i, n in enumerate(SIZES)]
ONE_AMOUNT = [(d, 1e3 * n) for n, d in ONE_SIZE]
NEAR_LINE, OFF_LINE = ([(n, d * (1 + share * (-1) ** i)) for i, (n, d) in enumerate(LINE)] for share in (0.03, 0.1))


@pytest.mark.parametrize(
    ("law", "content", "told"),
    [
        ("chinchilla", table(ONE_SIZE), r"the same size \(1e\+08\).* Bring runs that differ in it, or fit --law data"),
        (
            "kaplan",
            table(ONE_AMOUNT),
            r"the same number of training tokens \(1e\+11\).* Bring runs that differ in it, or fit --law size",
        ),
        ("size", table(ONE_SIZE), r"the same size \(1e\+08\).* Bring runs that differ in it"),
        ("chinchilla", table(LINE), r"tokens follows from the size \(.* Bring .*--law compute"),
        ("densing", table(NEAR_LINE), r"tokens follows from the size \(.* Bring .*--law compute"),
        ("chinchilla", table(LINE[:2]), r"2 different runs .* 5 parameters of L = E .* Bring more.*--law compute\)"),
        ("size", table(LINE[:2]), r"2 different runs .* 3 parameters of L = E \+ A N\^-alpha\. Bring more"),
        ("chinchilla", table(CROSS), r"4 different runs .* 5 parameters of L = E .* Bring more.*--law compute\)"),
        ("data-constrained", table(GRID), "hardly a token is repeated.* Fit --law chinchilla"),
        ("data-constrained", table(GRID, unique_tokens=[d / 4 for _, d in GRID]), "equally often.* Bring .*epochs"),
        ("data-constrained", table(GRID, unique_tokens=1e9), None),
        ("experts", table(GRID), r"the same number of experts \(1\).* Bring .*--law chinchilla"),
        ("chinchilla", table([*CROSS, (2e8, 1e10)]), None),
        ("chinchilla", table(OFF_LINE), None),
        ("densing", table(CROSS), None),
        ("compute", table(LINE), None),
        ("size", table(NEAR_LINE), None),
        ("data", table(ONE_SIZE), None),
        ("size", table(ONE_AMOUNT), None),
        ("size", table((1e8 * 1.05**i, 1e10) for i in range(3)), None),
        ("data-constrained", table(GRID, unique_tokens=[min(d, 1e10) for _, d in GRID]), None),
        ("experts", table(GRID, experts=[1, 8, 4, 4, 1, 8, 1, 4, 1]), None),
    ],
)
def test_runs_that_cannot_tell_a_law_are_refused(own: Own, law: str, content: str, told: str | None) -> None:
    if told is None:
        refuse_design(LAWS[law], own(content))
    else:
        said = unidentified(law, own(content))
        assert re.fullmatch(rf"mine\.csv, loss: .*{told}\.", said), said


def test_only_fitted_runs_count_and_the_benchmark_that_falls_short_is_named(own: Own) -> None:
    content = table(GRID + LINE + GRID, benchmark=["fine"] * 9 + ["line"] * 6 + ["held"] * 9)
    held = [f"row {row}" for row in range(18, 26)]
    said = unidentified("chinchilla", own(content, hold_out=held)).splitlines()
    assert [line.split(":")[0] for line in said] == ["mine.csv, line", "mine.csv, held"]
    refuse_design(LAWS["chinchilla"], own(content, benchmarks=["fine"]))


@pytest.mark.parametrize(
    ("suite", "fitted", "held", "left"),
    [("chinchilla", 240, 0, 5), ("olmo-ladder", 340, 30, 0), ("scalingbench", 16, 0, 0)],
)
def test_bundled_suites_tell_the_usual_laws(bundled: Tables, suite: str, fitted: int, held: int, left: int) -> None:
    runs = read_runs(suite, bundled)
    assert (len(runs.fitted), len(runs.held_out), len(runs.left_out)) == (fitted, held, left)
    assert fitted + held + left == (bundled.reference_runs["suite"] == suite).sum()
    assert set(runs.held_out["role"]) <= {"anchor"} and set(runs.left_out["reason"]) <= {"excluded in its table"}
    assert (runs.name, runs.digest) == (suite, bundled.digest)
    data = assemble_runs(law_study(), runs)
    assert (len(set(data["run"].to_numpy())), len(set(data["held"].to_numpy()))) == (fitted, held)
    assert data.sizes["map"] == (fitted if suite == "olmo-ladder" else 0)
    for law in ("chinchilla", "densing", "kaplan", "compute"):
        refuse_design(LAWS[law], runs)


# What is asked of a law


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("pool", [False, True])
def test_a_law_brings_its_own_priors_and_those_of_noise_and_map(law: str, pool: bool) -> None:
    form, asked = LAWS[law], law_study(law, pool=pool)
    plain = law_study(law, pool=pool, map_from=None).priors
    stated = {**form.coordinates, **form.exponents}
    pooled = stated.keys() - set(form.elasticities.values()) | {"size_exponent_spread"}
    own = pooled if pool else set(form.coordinates)
    assert asked.form is form and set(plain) == own | {"loss_noise", "law_misfit"}
    assert asked.priors.keys() - plain.keys() == {*MAP_PRIORS, "map_misfit"}
    assert all(asked.priors[name] == stated[name] for name in own & stated.keys())
    shared = load_study("densing-law").priors
    assert all(asked.priors[name] == shared[name] for name in ("loss_noise", "law_misfit", *MAP_PRIORS))


@pytest.mark.parametrize("noise", NOISES)
def test_one_sided_noise_alone_brings_its_prior(noise: str) -> None:
    asked = law_study(noise=noise)
    assert asked.noise == noise and asked.priors.get("loss_excess") == (EXCESS if noise == "one-sided" else None)


@pytest.mark.parametrize(
    ("law", "settings", "told"),
    [
        ("chinchila", {}, r"there is no law 'chinchila'\. Did you mean 'chinchilla'\? Valid: chinchilla, compute, "),
        ("kaplan", {"slow": "size"}, "law 'kaplan': .*slow = 'size' chooses .* of the law 'densing'; 'kaplan' has one"),
        ("densing", {"slow": "data", "pool": True}, "law 'densing': .*slow and pool both order the exponents; choose"),
        ("size", {"noise_df": 1}, "law 'size': 'noise_df' = 1: .*greater than 1"),
        ("size", {"nois": "laplace"}, "law 'size': unknown key 'nois'; valid here: .*noise"),
        ("kaplan", {"overrides": {"priors.size_share.interval": [0.8, 0.2]}}, "law 'kaplan': 'priors.size_share' = "),
        (
            "kaplan",
            {"overrides": {"priors.size_shar.interval": [0.2, 0.8]}},
            "law 'kaplan': there is no prior 'size_shar'. Did you mean 'size_share'",
        ),
    ],
)
def test_impossible_requests_are_answered(law: str, settings: dict[str, Any], told: str) -> None:
    assert re.match(told, refused(lambda: law_study(law, **settings)))


def test_overrides_replace_what_their_dotted_keys_name_and_nothing_else() -> None:
    plain = law_study("densing")
    changed = law_study("densing", {"priors.size_share.interval": [0.2, 0.8], "slow": "data"})
    prior = plain.priors["size_share"].model_copy(update={"interval": (0.2, 0.8)})
    assert changed == plain.model_copy(update={"slow": "data", "priors": {**plain.priors, "size_share": prior}})


def test_the_digest_changes_with_any_setting_and_not_otherwise() -> None:
    changes: list[dict[str, Any]] = [{}, {"noise": "laplace"}, {"noise_df": 5}, {"slow": "size"}, {"slow": "data"}]
    changes += [{"map_from": "score_multiple_choice"}, {"priors.size_share.interval": [0.2, 0.8]}]
    studies = [law_study("densing", change) for change in changes]
    studies += [law_study("kaplan"), law_study("densing", pool=True), law_study("densing", map_from=None)]
    digests = [study.digest for study in studies]
    assert len(set(digests)) == len(digests) and all(re.fullmatch("[0-9a-f]{12}", digest) for digest in digests)
    assert law_study("densing", noise="student-t", slow=None).digest == law_study("densing").digest == digests[0]
    assert law_study("densing", {"noise_df": 5.0}).digest == law_study("densing", noise_df=5).digest


@pytest.mark.parametrize(("column", "law"), [("flops", "chinchilla"), ("tokens", "kaplan"), ("flops", "size")])
def test_runs_without_a_column_cannot_tell_a_law_that_reads_it(own: Own, column: str, law: str) -> None:
    """Such as a rival of the law that they were brought for."""
    read = {"flops": "compute", "tokens": "data"}[column]
    runs = own(f"{column},loss\n" + "".join(f"{10 ** (12 + k / 4):g},{2 + 1 / k}\n" for k in range(1, 9)), law=read)
    refuse_design(LAWS[read], runs)
    with pytest.raises(UnidentifiedError, match="not every run has its"):
        refuse_design(LAWS[law], runs)
