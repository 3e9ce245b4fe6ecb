"""What no study can mean is refused when it is read: numbers and days that are none, names that are paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.study.load import load_study, parse_setting

IMPOSSIBLE: dict[str, tuple[str, Any, str]] = {
    "infinite tokens": ("reference.tokens", float("inf"), "'reference.tokens' = inf"),
    "tokens in trillions": ("reference.tokens", 15, "'reference.tokens' = 15"),
    "an interval without end": ("priors.harness_scale.interval", [0.1, float("inf")], "priors.harness_scale.interval"),
    "an interval beyond anything": ("priors.level.interval", [-1e5, 1e5], "priors.level.*mind the unit"),
    "no number": ("frontier.quantile", float("nan"), "'frontier.quantile' = nan"),
    "noise without tails": ("law.noise_df", float("inf"), "'law.noise_df' = inf"),
    "a floor that is none": ("benchmarks.MMLU.floor", float("nan"), "benchmarks.MMLU.floor"),
    "a number as text": ("frontier.quantile", "0.95", "'frontier.quantile' = '0.95': is a number, written in digits"),
    "true for a number": ("llms.min_benchmarks", True, "'llms.min_benchmarks' = True: is a number"),
    "a number for true": ("frontier.family_effects", 1, "'frontier.family_effects' = 1: is true or false"),
    "yes for true": ("scores.inflation", "yes", "'scores.inflation' = 'yes': is true or false"),
    "numbers of an interval as text": ("priors.rate.interval", ["0", "4"], "is a number, written in digits"),
    "a number for a day": ("llms.released_from", 1_700_000_000, "is no date; write it like 2024-07-18"),
    "a week for a day": ("llms.released_from", "2023-W10-1", "is no date; write it like 2024-07-18"),
    "a year beyond all": ("llms.released_to", "9999-01-01", "give a day from 2010-01-01 to 2099-12-31"),
    "no title": ("title", " ", "a title has 1 to 300 characters"),
    "a title of pages": ("title", "long " * 100, "a title has 1 to 300 characters"),
    "a title that commands the terminal": ("title", "red \x1b[31m", "characters that are not seen"),
    "a reason that turns the line": ("priors.rate.why", "a \u202e b", "characters that are not seen"),
    "a start in the future": ("llms.released_from", "2090-01-01", "no LLM was released then"),
    "an end before the start": ("llms.released_to", "2020-01-01", "released_to 2020-01-01 lies before released_from"),
    "a path for a name": ("name", "../../evil", "'name' = '../../evil'"),
    "an absolute name": ("name", "/etc/passwd", "'name' = '/etc/passwd'"),
    "a name that hides": ("name", ".hidden", "'name' = '.hidden'"),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_what_a_study_cannot_mean_is_refused(what: str) -> None:
    key, value, said = IMPOSSIBLE[what]
    with pytest.raises(InputError, match=said) as refused:
        load_study("densing-law", {key: value})
    assert "Value error" not in str(refused.value)


def test_a_long_value_is_shown_without_its_middle() -> None:
    with pytest.raises(InputError) as refused:
        load_study("densing-law", {"llms.min_benchmarks": 10**3000})
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("parent", ["5", '"../outer"', '"/etc/outer"', "[1]"])
def test_a_study_extends_one_that_is_shipped_or_lies_beside_it(tmp_path: Path, parent: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "outer.toml").write_text('extends = "densing-law"\n')
    (folder / "s.toml").write_text(f"extends = {parent}\n")
    with pytest.raises(InputError, match=r"s\.toml: 'extends' = .*: give the name of a study"):
        load_study(folder / "s.toml")


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = " + "9" * 5000 + "\ny = ]"])
def test_what_python_cannot_read_is_no_toml(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InputError, match=r"s\.toml: (nested too deeply|not valid TOML)"):
        load_study(tmp_path / "s.toml")


def test_settings_are_read_or_refused_however_long_they_are() -> None:
    assert parse_setting("title=" + "9" * 5000) == ("title", "9" * 5000)
    with pytest.raises(InputError, match="--set x: the value is nested too deeply"):
        parse_setting("x=" + "[" * 100_000)
