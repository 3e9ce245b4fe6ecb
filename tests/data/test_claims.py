"""Published claims keep their contradictions and their sources."""

from __future__ import annotations

import pytest

from bayesdensity.data.claims import read_claims, trend_claims


def test_claims_keep_their_contradictions_and_their_sources() -> None:
    claims = read_claims()
    assert (claims["source"] != "").all() and claims["claim"].is_unique
    assert claims["source"].str.match(r"arXiv:|doi:|secondary").all()
    months = trend_claims().set_index("claim")["months"]
    assert months["doubling time, v2, highlights"] == 3.3
    # One version states 3.3 months and 95 days, which is 3.1; the other 3.5 months and A = 0.007 a day, which is 3.25.
    assert months["doubling time, v2, section 3.3"] == pytest.approx(3.12, abs=0.01)
    assert months["growth rate A, journal version"] == pytest.approx(3.25, abs=0.01)
    assert months["doubling time, journal version"] == 3.5
