"""Who trained the bundled LLMs: one spelling and one type each."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from bayesdensity.data.tables import read_tables

ALSO_CALLED = {
    "allen institute for ai": "ai2",
    "google deepmind": "google",
    "deepmind": "google",
    "ibm research": "ibm",
    "ifm": "llm360",
    "mbzuai": "llm360",
    "moonshot ai": "moonshot",
    "pjlab": "shanghai ai lab",
    "qwen": "alibaba",
    "rednote": "xiaohongshu",
    "tencent hunyuan": "tencent",
    "tencent youtu": "tencent",
    "z": "zhipu",
    "zai org": "zhipu",
}
"""Names of the same organization, as `plain` writes them."""


def plain(partner: str) -> str:
    """One name, whatever its case, its punctuation and what it says of being a laboratory for AI."""
    words = re.sub(r"[^a-z0-9]+", " ", partner.casefold()).split()
    while len(words) > 1 and words[-1] in ("ai", "inc", "labs", "team"):
        words.pop()
    name = " ".join(words)
    return ALSO_CALLED.get(name, name)


def key(organization: str) -> frozenset[str]:
    """Partners, in whatever order and however joined."""
    return frozenset(plain(partner) for partner in re.split(r"[/+&,]| and ", organization))


@pytest.fixture(scope="module")
def llms() -> pd.DataFrame:
    return read_tables().llms


def test_no_organization_has_two_spellings(llms: pd.DataFrame) -> None:
    names = pd.Series(sorted(set(llms["organization"])))
    spellings = names.groupby(names.map(key)).agg(list)
    assert [several for several in spellings if len(several) > 1] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("Meta", "Meta AI"), ("Princeton/CMU", "CMU+Princeton"), ("Google DeepMind", "google"), ("Z.ai", "Zhipu AI")],
)
def test_known_spellings_of_one_organization_are_told(one: str, other: str) -> None:
    assert key(one) == key(other)
    assert key("Meta") != key("Meta/NVIDIA")


def test_a_family_is_of_one_organization(llms: pd.DataFrame) -> None:
    count = llms.groupby("family")["organization"].nunique()
    assert list(count.index[count > 1]) == []


def test_every_organization_has_one_known_type(llms: pd.DataFrame) -> None:
    count = llms.groupby("organization")["lab_type"].nunique()
    assert list(count.index[count > 1]) == []
    assert set(llms["lab_type"]) == {"company", "open-science", "academic"}
