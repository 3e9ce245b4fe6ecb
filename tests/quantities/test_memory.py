"""Memory is read as it is written, and what fits it is arithmetic on the user's numbers."""

from __future__ import annotations

import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.quantities.memory import memory, params_in_memory


@pytest.mark.parametrize(
    ("text", "size"),
    [("24GB", 24e9), ("24 gb", 24e9), ("16GiB", 16 * 1024**3), ("0.5TB", 5e11), (".5MiB", 2.0**19), ("8000MB", 8e9)],
)
def test_memory_is_what_its_unit_says(text: str, size: float) -> None:
    assert memory(text) == size


@pytest.mark.parametrize("text", ["", "24", "GB", "-1GB", "0GB", "nanGB", "24 bits", "1e3GB", "9" * 400 + "GB", "٣GB"])
def test_what_is_no_amount_of_memory_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="24GB"):
        memory(text)


def test_a_card_of_24_gb_holds_44_billion_weights_of_four_bits_beside_a_context_of_2_gb() -> None:
    assert params_in_memory(24e9, 4, 2e9) == pytest.approx(44e9)
    assert params_in_memory(16e9) == pytest.approx(8e9)


def test_a_context_that_leaves_nothing_and_weights_without_bits_are_refused() -> None:
    with pytest.raises(InputError, match="leave nothing"):
        params_in_memory(2e9, 4, 2e9)
    for bits in (0, -4, 65, float("nan")):
        with pytest.raises(InputError, match="bits"):
            params_in_memory(24e9, bits)
