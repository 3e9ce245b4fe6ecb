"""An error inside the sampler is one sentence, and the sampler is stopped."""

from __future__ import annotations

import pytest

from bayesdensity.base.errors import SamplerError
from bayesdensity.inference.sampling import run_sampler


class Failing:
    """A sampler under way whose chains fail."""

    cancelled = False

    def wait(self) -> None:
        raise RuntimeError("Logp function returned error code 2\n  caused by: not finite")

    def cancel(self) -> None:
        self.cancelled = True


def test_a_sampler_that_fails_is_cancelled_and_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing()
    monkeypatch.setattr("nutpie.sample", lambda *_, **__: failing)
    with pytest.raises(SamplerError, match=r"^the sampler stopped: Logp function .* not finite\. Nothing was written"):
        run_sampler(object(), cores=1, progress=None, chains=2, draws=10)
    assert failing.cancelled
