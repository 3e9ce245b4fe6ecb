"""Every option of every command answers a value that it cannot take with one sentence, before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outcomes import Outcome, Run

from bayesdensity import cli
from bayesdensity.laws import LAWS

SUBJECTS = {
    "add": ["Mine", "MMLU=0.5", "--data", "new", "--source", "x"],
    "cite": ["no.nc"],
    "forecast": ["no.nc", "-b", "MMLU"],
    "import": ["no.csv", "-o", "new"],
    "law": ["no.csv"],
    "prices": ["no"],
    "simulate": ["no", "-o", "new"],
    "studies": [],
    "update": ["no.nc", "--data", "no"],
}
WORDS = ("", "nan", "inf", "-inf", "-1", "1.5", "1e400", "9" * 5000, "a" * 5000, "\x1b[31m", "1\r2", "\u202e1", "1_0")
COUNTS = {"--seed": "0", "--chains": "4", "--draws": "100", "--tune": "100", "--replicates": "50", "--workers": "2"}
NUMBERS = {
    **{"--ci": "0.5", "--noise-df": "3.5", "--compute": "1e24", "--params": "8e9", "--share": "0.5"},
    **{"--score": "0.5", "--families": "20", "--active": "3e9", "--level": "0.5", "--reference": "0.5"},
    **{"--tokens": "15e12", "--device": "24GB", "--bits": "4", "--context-gb": "2"},
}
AXIS = """axes.bent={why="x",choices={cubic={"frontier.trend"="cubic"}}}"""
FLAGS = {
    *("--json", "--csv", "--quick", "--pool", "--compare", "--points-only", "--plan", "--refit", "--future"),
    *("--folder", "--no-folder", "--no-refit", "--stack", "--with-bundled"),
}
FINE = {("--noise-df", "1.5"), ("--families", "1.5"), ("--compute", "1.5"), ("--bits", "1.5"), ("--context-gb", "1.5")}
"""Words that a number may be."""
REPEATED = {"--compute", "--level"}
"""Options that take several values."""


def commands() -> list[str]:
    return [name for name in cli.app if not name.startswith("-")]


def options(command: str) -> Iterator[tuple[str, Any]]:
    for argument in cli.app[command].assemble_argument_collection():
        for name in argument.names:
            if name.startswith("--"):
                yield name, argument


def subject(command: str) -> list[str]:
    return SUBJECTS.get(command, ["no.nc"])


def one_sentence(outcome: Outcome) -> str:
    assert outcome.status == 2, outcome
    assert outcome.out == "" and outcome.err.startswith("error: ") and outcome.err.count("\n") == 1, outcome
    assert "Traceback" not in outcome.err and outcome.err.isascii() and len(outcome.err) < 1500
    assert outcome.err.replace("\n", "").isprintable()
    return outcome.err


def test_options_are_of_known_kinds() -> None:
    """An option of a new kind belongs in a table above, or takes any text or path."""
    for command in commands():
        for name, argument in options(command):
            kinds = {int: COUNTS, float: NUMBERS, bool: FLAGS}
            for kind, known in kinds.items():
                if kind.__name__ in str(argument.hint) and "Path" not in str(argument.hint):
                    assert name in known, (command, name)


@pytest.mark.parametrize("command", commands())
def test_no_option_takes_what_it_cannot(run: Run, command: str) -> None:
    for name, _ in options(command):
        for word in WORDS:
            for given in ([name, word], [f"{name}={word}"]):
                outcome = run(command, *subject(command), *given)
                said = one_sentence(outcome)
                if name in COUNTS and word:
                    assert name in said and ("is no whole number" in said or "must be" in said), said
                if name in NUMBERS and word and not word.startswith("-") and (name, word) not in FINE:
                    assert name in said, said
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("command", commands())
def test_no_subject_breaks_a_command(run: Run, command: str) -> None:
    for word in (*WORDS, "~nobody/fit.nc", "/proc/self/mem.nc", "a\0b.nc", "..", "/"):
        outcome = run(command, word, *subject(command)[1:])
        if command == "validate":  # says which tables it read, too
            outcome = outcome._replace(err=outcome.err.partition("\n")[0] + "\n")
        one_sentence(outcome)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("command", commands())
def test_a_single_value_is_given_once(run: Run, command: str) -> None:
    for name in {name for name, _ in options(command)} & {*COUNTS, *NUMBERS} - REPEATED:
        value = {**COUNTS, **NUMBERS}[name]
        assert "multiple times" in one_sentence(run(command, *subject(command), name, value, name, value))


@pytest.mark.parametrize(
    "words",
    [
        *((), ("nosuch",), ("--nosuch",), ("law",), ("law", "--seed")),
        *(("law", "no.csv", "more"), ("law", "no.csv", "--nosuch"), ("law", "no.csv", "--noise", "pink")),
    ],
)
def test_what_the_parser_refuses_is_one_sentence_too(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words)
    if words:
        one_sentence(outcome)
    else:
        assert outcome.status == 0 and "Usage" in outcome.out


def test_two_values_for_one_key_are_refused(run: Run) -> None:
    twice = ("--set", "title=a", "--set", " title=b")
    assert "--set title: is given twice" in one_sentence(run("fit", "densing-law", *twice))
    varied = ("--vary", "frontier.trend=linear", "--vary", "frontier.trend=linear", "--plan")
    assert "--vary frontier.trend: is given twice" in one_sentence(run("sensitivity", "densing-law", *varied))


@pytest.mark.parametrize(
    ("seed", "taken"), [("0", True), ("18446744073709551615", True), ("18446744073709551616", False), ("0x10", False)]
)
def test_seeds_are_those_that_samplers_take(run: Run, seed: str, taken: bool) -> None:
    assert ("no such file" in one_sentence(run("law", "no.csv", "--seed", seed))) == taken


@pytest.mark.parametrize(
    ("address", "said"),
    [("tls://127.0.0.1:1", "no TLS here"), ("", "is empty"), ("nowhere", "no Dask scheduler"), ("a:99999", "no Dask")],
)
def test_a_cluster_needs_an_address(run: Run, address: str, said: str) -> None:
    for command in ("calibrate", "sensitivity"):
        assert said in one_sentence(run(command, "densing-law", "--cluster", address))
    assert list(Path.cwd().iterdir()) == []


PLACES = ("nowhere/x", "/proc/x", "n" * 300, ".", "file/x")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", ["fit", "law", "paper", "calibrate", "sensitivity", "simulate"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(run: Run, command: str, place: str) -> None:
    Path("file").touch()
    path = f"{place}.nc" if command == "fit" else place
    subject = "densing-law" if command != "law" else "olmo-ladder"
    if place == "." and command in ("calibrate", "sensitivity"):
        return  # the folder of a run may be there
    one_sentence(run(command, subject, "-o", path))
    assert [one.name for one in Path.cwd().iterdir()] == ["file"]


def test_a_folder_named_like_the_fit_is_refused_before_the_work(run: Run) -> None:
    Path("x.nc").mkdir()
    assert "x.nc" in one_sentence(run("fit", "densing-law", "-o", "x.nc"))


@pytest.mark.parametrize("width", ['"wide"', "nan", "inf", "-1", "0", "true", "1e308"])
def test_a_width_of_priors_is_a_positive_number(run: Run, tmp_path: Path, width: str) -> None:
    grid = tmp_path / "g.toml"
    for text in (f'axes.a={{why="x",choices={{b={{prior_width={width}}}}}}}', f"prior_widths=[{width}]\n{AXIS}"):
        grid.write_text(f'title="x"\n{text}\n')
        assert "g.toml" in one_sentence(run("sensitivity", "densing-law", "--plan", "--grid", grid))


def test_the_plan_lists_what_is_impossible_and_refuses_what_was_asked_for(run: Run, tmp_path: Path) -> None:
    grid = tmp_path / "g.toml"
    grid.write_text(f'title="x"\n{AXIS}\n')
    asked = ("sensitivity", "densing-law", "--plan", "--grid", grid)
    outcome = run(*asked)
    assert outcome.status == 0 and "impossible: bent: cubic: " in outcome.out and "frontier.trend" in outcome.out
    assert "--vary nope=1: unknown key 'nope'" in one_sentence(run(*asked, "--vary", "nope=1"))


def test_the_laws_named_on_the_command_line_are_all_of_them() -> None:
    assert tuple(LAWS) == cli.law.LAWS
