"""What is cited is what a fit used, and BibTeX can read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from bayesdensity import laws
from bayesdensity.cite import REFERENCES, citations, references
from bayesdensity.data.tables import read_tables
from bayesdensity.inference.result import Fit
from bayesdensity.law.fitted import LawFit
from bayesdensity.study.law_spec import law_study
from bayesdensity.study.load import load_study, study_names

VERSIONS = {"bayesdensity": "9.9", "python": "3.13", "pymc": "6.4", "nutpie": "0.16", "arviz": "1.3", "numpy": "2.1"}
NOTHING = xr.Dataset()


def a_fit(study: str = "densing-law", settings: dict[str, Any] | None = None, **about: Any) -> Fit:
    """A fit of which nothing is there but what it is of."""
    about = {"part": "joint", "versions": VERSIONS, **about}
    return Fit(NOTHING, NOTHING, NOTHING, load_study(study, settings), about)


def a_law_fit(law: str, suite: str, *benchmarks: str) -> LawFit:
    data = xr.Dataset(coords={"benchmark": np.array(benchmarks)})
    return LawFit(NOTHING, NOTHING, data, law_study(law), {"suite": suite, "versions": VERSIONS})


def read(bibtex: str) -> dict[str, dict[str, str]]:
    """Entries by key as BibTeX reads them: what stands outside of entries is passed over."""
    entries, at = dict[str, dict[str, str]](), 0
    while (at := bibtex.find("@", at)) >= 0:
        head = re.compile(r"@(\w+)\{([^\s,{}]+),").match(bibtex, at)
        assert head, bibtex[at : at + 60]
        fields, at = {"kind": head[1]}, head.end()
        while not (end := re.compile(r"\s*\}").match(bibtex, at)):
            name = re.compile(r"\s*(\w+)\s*=\s*\{").match(bibtex, at)
            assert name, bibtex[at : at + 60]
            at, depth = name.end(), 1
            start = at
            while depth:
                depth += {"{": 1, "}": -1}.get(bibtex[at], 0) * (bibtex[at - 1] != "\\")
                at += 1
            fields[name[1]] = bibtex[start : at - 1]
            at += bibtex[at] == ","
        assert head[2] not in entries, f"{head[2]} twice"
        entries[head[2]], at = fields, end.end()
    return entries


def keys(fit: Fit | LawFit) -> set[str]:
    return set(read(citations(fit)))


# The table


def test_every_reference_is_read() -> None:
    entries = read(REFERENCES.read_text(encoding="utf-8"))
    assert list(entries) == [one.key for one in references()]
    for one in references():
        assert entries[one.key] == {"kind": one.kind, **one.fields}
        assert REFERENCES.read_text(encoding="utf-8").isascii()


def test_every_reference_can_be_found_and_is_cited_for_something() -> None:
    for one in references():
        assert {"author", "title", "year"} <= set(one.fields), one.key
        assert {"eprint", "doi", "url"} & set(one.fields) or one.key == "bayesdensity", one.key
        assert one.topics, one.key
        assert re.fullmatch(r"\d{4}\.\d{4,5}", one.fields.get("eprint", "0000.00000")), one.key
        assert re.fullmatch(r"10\.\d{4,5}/\S+", one.fields.get("doi", "10.0000/0")), one.key
        assert one.kind == ("misc" if "journal" not in one.fields and "booktitle" not in one.fields else one.kind)
        assert ("eprint" in one.fields) == (one.fields.get("archiveprefix") == "arXiv"), one.key


def test_every_benchmark_and_suite_of_the_tables_has_a_reference() -> None:
    tables, known = read_tables(), set[str]().union(*(one.topics for one in references()))
    for row in tables.benchmarks.itertuples():
        assert f"benchmark {row.benchmark}" in known, row.benchmark
    assert {f"suite {name}" for name in tables.reference_runs["suite"]} <= known


def test_references_of_benchmarks_are_the_sources_of_the_table() -> None:
    for row in read_tables().benchmarks.itertuples():
        stated = re.match(r"[^;]*arXiv (\d{4}\.\d{4,5})", row.source)
        if stated and "OLMo-ladder" not in row.source.partition(";")[0]:
            entry = next(one for one in references() if f"benchmark {row.benchmark}" in one.topics)
            assert entry.fields["eprint"] == stated[1], row.benchmark


def test_no_keyword_is_of_a_benchmark_that_the_tables_lack() -> None:
    names = set(read_tables().benchmarks["benchmark"])
    for one in references():
        assert {topic.removeprefix("benchmark ") for topic in one.topics if topic.startswith("benchmark ")} <= names


def test_the_package_is_cited_as_its_citation_file_has_it() -> None:
    stated = (Path(__file__).parent.parent / "CITATION.cff").read_text(encoding="utf-8")
    entry = read(citations(a_fit()))["bayesdensity"]
    assert 'title: "{}"'.format(re.sub(r"[{}]", "", entry["title"])) in stated
    assert f"name: {entry['author'].strip('{}')}" in stated
    assert f"date-released: {entry['year']}" in stated
    assert entry["note"] == "version 9.9 was used"


# What a fit used


@pytest.mark.parametrize("study", study_names())
def test_all_of_a_shipped_study_is_cited(study: str) -> None:
    text, found = citations(a_fit(study)), keys(a_fit(study))
    assert "No reference is known" not in text and "keywords" not in text
    assert {"bayesdensity", "xiao2024densing", "xiao2025densing", "abrilpla2023pymc", "hoffman2014nuts"} <= found
    assert "MMLU" not in load_study(study).benchmarks or "hendrycks2020mmlu" in found


def test_only_what_was_used_is_cited() -> None:
    found = keys(a_fit())
    assert {"aigner1977formulation", "qwen2024introducing", "minicpm2025minicpm4", "suzgun2022bbh"} <= found
    assert not found & {
        "meeusen1977efficiency",
        "plummer2015cuts",
        "touvron2023llama2",
        "bhagia2024establishing",
        "zellers2019hellaswag",
        "kaplan2020scaling",
        "hoffmann2022training",
        "kallioinen2024detecting",
        "lam2015numba",
    }


@pytest.mark.parametrize(
    ("settings", "cited", "not_cited"),
    [
        ({"frontier.form": "exponential"}, {"meeusen1977efficiency"}, {"aigner1977formulation"}),
        ({"frontier.form": "symmetric"}, set(), {"aigner1977formulation", "meeusen1977efficiency"}),
        ({"reference.inference": "cut"}, {"plummer2015cuts"}, set()),
        ({"reference.inference": "plug-in"}, set(), {"plummer2015cuts"}),
        (
            {"reference.family": ["Llama-2", "Qwen2.5"]},
            {"touvron2023llama2", "qwen2024qwen25"},
            {"qwen2024introducing"},
        ),
        ({"law.irreducible": True}, {"hoffmann2022training"}, set()),
        ({"reference.loss_suites": []}, set(), {"minicpm2025minicpm4"}),
        ({"reference.loss_suites": ["chinchilla"]}, {"besiroglu2024chinchilla"}, {"minicpm2025minicpm4"}),
    ],
)
def test_choices_of_the_study_decide(settings: dict[str, Any], cited: set[str], not_cited: set[str]) -> None:
    found = keys(a_fit(settings=settings))
    assert cited <= found and not found & not_cited


def test_a_ladder_is_cited_and_no_family() -> None:
    found = keys(a_fit("olmo-ladder"))
    assert {"bhagia2024establishing", "hoffmann2022training", "zellers2019hellaswag", "clark2018arc"} <= found
    assert not found & {"qwen2024introducing", "minicpm2025minicpm4", "suzgun2022bbh"}


def test_the_reference_alone_has_neither_density_nor_frontier() -> None:
    found = keys(a_fit("olmo-ladder", part="reference"))
    assert {"bhagia2024establishing", "hoffmann2022training"} <= found
    assert not found & {"xiao2024densing", "xiao2025densing", "aigner1977formulation"}


def test_checks_are_cited_where_they_were_made() -> None:
    found = keys(a_fit(checks=[{"name": "priors"}]))
    assert {"kallioinen2024detecting", "vehtari2024pareto"} <= found
    assert not found & {"johnson2007bayesian", "liu2020cauchy"}


def test_programs_are_cited_with_the_versions_of_the_fit() -> None:
    entries = read(citations(a_fit(versions={"bayesdensity": "9.9", "pymc": "6.4"})))
    assert entries["abrilpla2023pymc"]["note"] == "version 6.4 was used"
    assert not {"seyboldt2026preconditioning", "hoffman2014nuts", "martin2026arviz"} & set(entries)


@pytest.mark.parametrize("law", laws.LAWS)
def test_every_law_is_cited_by_its_source(law: str) -> None:
    source = re.findall(r"arXiv (\S+?),", laws.LAWS[law].source)
    entries = read(citations(a_law_fit(law, "chinchilla", "MassiveText")))
    assert set(source) <= {entry.get("eprint") for entry in entries.values()} and source
    assert {"besiroglu2024chinchilla", "hoffmann2022training", "abrilpla2023pymc"} <= set(entries)
    assert "xiao2025densing" not in entries and "No reference" not in citations(a_law_fit(law, "chinchilla"))


def test_what_has_no_reference_is_named_and_harmless() -> None:
    text = citations(a_law_fit("chinchilla", "mine", "MMLU", "a@b\n@misc{x, % y"))
    assert text.splitlines()[-1] == "% suite mine, benchmark a(at)b (at)misc{x, % y"
    assert "hendrycks2020mmlu" in read(text)
