"""The priors that a study is said to use are those whose numbers its model reads."""

from __future__ import annotations

from typing import Any

import pytest

from bayesdensity.base.prior import Prior
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables
from bayesdensity.model.build import build_model
from bayesdensity.study.load import load_study, study_names
from bayesdensity.study.prior_use import priors_used
from bayesdensity.study.spec import Priors

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in study_names()},
    "linear": ("densing-law", {"frontier.trend": "linear", "frontier.dispersion": "constant"}),
    "random walk": ("densing-law", {"frontier.trend": "random-walk"}),
    "unknown break": ("densing-law", {"frontier.trend": "change-point"}),
    "symmetric": ("densing-law", {"frontier.form": "symmetric", "frontier.family_effects": False}),
    "families fall short": ("densing-law", {"frontier.one_sided": "family"}),
    "both fall short": ("densing-law", {"frontier.one_sided": "both", "frontier.form": "exponential"}),
    "two families": ("densing-law", {"reference.family": ["Qwen1.5", "Llama-2"]}),
    "no loss-only suite": ("densing-law", {"reference.loss_suites": []}),
    "loss-only suite with a floor": ("densing-law", {"law.name": "chinchilla"}),
    "given tokens": ("densing-law", {"reference.tokens": 3e12}),
    "ladder without a floor": ("olmo-ladder", {"law.name": "densing"}),
    "inferred size": ("densing-law", {"llms.size": "inferred"}),
}


class Told:
    """A prior that tells when its numbers are read."""

    def __init__(self, name: str, prior: Prior, read: set[str]) -> None:
        self._name, self._prior, self._read = name, prior, read

    def __getattr__(self, part: str) -> Any:
        self._read.add(self._name)
        return getattr(self._prior, part)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_model_reads_the_priors_that_a_study_uses(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, settings = VARIANTS[variant]
    study, read = load_study(name, settings), set[str]()
    data = assemble(study, select(study, read_tables()))
    monkeypatch.setattr(Priors, "__getitem__", lambda priors, one: Told(one, getattr(priors, one), read))
    build_model(study, data)
    assert read == priors_used(study)
