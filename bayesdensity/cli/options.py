"""Options that commands share: their types, and the values that each refuses with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from bayesdensity.base.errors import InputError
from bayesdensity.base.written import day_of, number_of

DIGITS = re.compile(r"[+-]?\d+", re.A)
POWERS = {"K": 3, "M": 6, "B": 9, "T": 12}
LONGEST = 30
"""Characters of a whole number, beyond which it is too large."""
MOST_SEED = 2**64 - 1
MOST_REPLICATES = 100_000
BITS, CONTEXT_GB = 16.0, 0.0
"""Unless something else is said."""
LEAST_PARAMS, MOST_PARAMS = 1e5, 1e14
LEAST_TOKENS, MOST_TOKENS = 1e6, 1e17
"""Those that the table of LLMs takes, too."""


def whole(lowest: int, highest: int, said: str = "") -> Parameter:
    """The parameter that takes whole numbers, which the parser by itself would round.

    Parameters
    ----------
    lowest, highest : int
    said : str
        What it must be; the two ends if it is not said.
    """
    must = said or f"at least {lowest} and at most {highest}"

    def taken(option: str, text: str) -> int:
        if not DIGITS.fullmatch(text):
            raise InputError(f"{option} {text} is no whole number; it must be {must}.")
        if len(text) > LONGEST or not lowest <= int(text) <= highest:
            raise InputError(f"{option} must be {must}; got {text}.")
        return int(text)

    return Parameter(converter=_one(taken))


def number(above: float, below: float, said: str) -> Callable[[str, str], float]:
    """A reader of finite numbers that lie between two others.

    Parameters
    ----------
    above, below : float
    said : str
        What is said of a number that is none or does not, after the option.
    """

    def taken(option: str, text: str) -> float:
        value = number_of(text)
        if value is None or not above < value < below:
            raise InputError(f"{option} {said}; got {text}.")
        return value

    return taken


def _one(taken: Callable[[str, str], Any]) -> Callable[[Any, Sequence[Token]], Any]:
    """A converter of the one value of an option."""
    return lambda _, tokens: taken(tokens[0].keyword or "the value", tokens[0].value)


def _each(taken: Callable[[str, str], Any]) -> Callable[[Any, Sequence[Token]], list[Any]]:
    """A converter of all values of an option that may be repeated."""
    return lambda _, tokens: [taken(token.keyword or "the value", token.value) for token in tokens]


def _address(_: str, text: str) -> str:
    from bayesdensity.base.engine import check_address

    check_address(text)
    return text


def _day(option: str, text: str) -> str:
    if day_of(text) is None:
        raise InputError(f"{option} {text}: write a date like 2024-07-18.")
    return text


def _size(option: str, text: str) -> float:
    """Parameters, also as 8B or 350M."""
    value = number_of(_without_letter(text))
    if value is None or not LEAST_PARAMS <= value <= MOST_PARAMS:
        raise InputError(f"{option} is a number of parameters from 1e5 to 1e14, for example 8e9 or 8B; got {text}.")
    return value


def _tokens(option: str, text: str) -> float:
    """Tokens, also as 15T."""
    value = number_of(_without_letter(text))
    if value is None or not LEAST_TOKENS <= value <= MOST_TOKENS:
        raise InputError(f"{option} is a number of tokens from 1e6 to 1e17, for example 15e12 or 15T; got {text}.")
    return value


def _without_letter(text: str) -> str:
    """A number in digits, of one that may end in a letter such as B."""
    power = POWERS.get(text[-1:].upper())
    return f"{text[:-1]}e{power}" if power else text


def _memory(option: str, text: str) -> float:
    from bayesdensity.quantities.memory import memory

    try:
        return memory(text)
    except InputError as error:
        raise InputError(f"{option}: {error}") from error


def check_device_options(device: float | None, bits: float, context_gb: float) -> None:
    """Refuse what is said of weights and context where no device says how much memory there is.

    Parameters
    ----------
    device : float or None
        Its memory in bytes.
    bits, context_gb : float
        As said, or at their defaults.
    """
    if device is None and (bits, context_gb) != (BITS, CONTEXT_GB):
        raise InputError("--bits and --context-gb are of a device; give --device, or leave them out.")


def many(text: str) -> Parameter:
    """The parameter of an option that may be repeated, with its help."""
    return Parameter(negative="", help=text)


_ci = number(0.00999, 0.99901, "lies between 0 and 1, from 0.01 to 0.999, for example 0.9")
_degrees = number(1, 1001, "must be finite, above 1 and at most 1000, where noise is normal")
_bits = number(0, 64.001, "is a number of bits a weight, at most 64, for example 4")
_gigabytes = number(-1e-9, 1e9, "is a number of GB that is not negative, for example 2")
_score = number(0, 1, "is a share of the items between 0 and 1, for example 0.7")
_families = number(0, 1e4, "is a number of families a year above 0, for example 20")
_share = number(0, 1.0001, "is a share of a size, above 0 and at most 1, for example 0.5")
_compute = number(1, 1e40, "is a number of operations, for example 1e24")

Settings = Annotated[
    list[str] | None, Parameter(name="--set", negative="", help="Replace a key of the study: key=value.")
]
Folder = Annotated[Path | None, Parameter(name="--data", help="Folder with your own tables.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON on standard output.")]
AsCsv = Annotated[bool, Parameter(name="--csv", negative="", help="Print CSV on standard output.")]
Workers = Annotated[int | None, whole(1, 256), Parameter(help="Processes; default: one for each core.")]
Cluster = Annotated[
    str | None,
    Parameter(help="Address of a running Dask scheduler, instead of processes.", converter=_one(_address)),
]
Resumed = Annotated[
    Path | None,
    Parameter(name=["-o", "--output"], help="Folder of the results; a run that was stopped there goes on."),
]
Ci = Annotated[float, Parameter(name="--ci", help="Probability of the intervals.", converter=_one(_ci))]
Seed = Annotated[int, whole(0, MOST_SEED, "a whole number from 0 to 2**64 - 1")]
Chains = Annotated[int, whole(1, 64)]
Draws = Annotated[int, whole(4, 100_000, "at least 4, for R-hat halves every chain, and at most 100000")]
Tune = Annotated[int, whole(10, 100_000)]
Degrees = Annotated[float, Parameter(converter=_one(_degrees))]
Amounts = Annotated[list[float] | None, Parameter(converter=_each(_compute))]
Day = Annotated[str | None, Parameter(help="A date such as 2027-07-01.", converter=_one(_day))]
Params = Annotated[
    float | None, Parameter(help="Parameters, as the study counts them, for example 8e9 or 8B.", converter=_one(_size))
]
Tokens = Annotated[float | None, Parameter(help="Training tokens, for example 15T.", converter=_one(_tokens))]
Score = Annotated[float | None, Parameter(help="Share of the items, for example 0.7.", converter=_one(_score))]
Families = Annotated[
    float | None,
    Parameter(help="Families to come a year, for --of best; default: as many as of late.", converter=_one(_families)),
]
Levels = Annotated[list[float] | None, Parameter(converter=_each(_score))]
Days = Annotated[list[str] | None, Parameter(converter=_each(_day))]
Memory = Annotated[
    float | None, Parameter(help="Memory of the device, for example 24GB or 16GiB.", converter=_one(_memory))
]
"""In bytes."""
Bits = Annotated[float, Parameter(help="Bits a weight.", converter=_one(_bits))]
ContextGb = Annotated[
    float, Parameter(name="--context-gb", help="GB set aside for the context.", converter=_one(_gigabytes))
]
SizeShare = Annotated[float, Parameter(help="Of its size.", converter=_one(_share))]
Since = Annotated[
    str | None, Parameter(help="Date from which on records count; default: first release.", converter=_one(_day))
]
