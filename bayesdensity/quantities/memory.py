"""From memory to parameters: how large a model is whose weights fit a device.

The numbers are the user's: bits a weight, and what is set aside for the context. Nothing is added for activations, for
the layers that a format keeps at more bits, or for other programs; set more aside where these matter.
"""

from __future__ import annotations

import re

from bayesdensity.base.errors import InputError
from bayesdensity.study.spec import Study

BITS_IN_BYTE, GB = 8, 1e9
BITS = 16.0
"""A weight as models are released."""
UNITS = {
    "B": 1.0,
    "MB": 1e6,
    "GB": GB,
    "TB": 1e12,
    "MiB": 2.0**20,
    "GiB": 2.0**30,
    "TiB": 2.0**40,
}
"""Bytes by unit: makers of devices write GB for either; what is written is what is meant here."""
FORM = re.compile(r"(\d+\.?\d*|\.\d+)\s*([A-Za-z]+)", re.A)
VALID = f"write a number and one of {', '.join(UNITS)}, for example 24GB"


def memory(text: str) -> float:
    """Bytes of an amount of memory such as 24GB or 16 GiB; the unit in capitals or not.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> memory("24GB"), memory("1 gib")
    (24000000000.0, 1073741824.0)
    """
    units = {name.lower(): size for name, size in UNITS.items()}
    found = FORM.fullmatch(text.strip())
    if found is None or found[2].lower() not in units or not 0 < float(found[1]) < 1e18:  # more is no amount
        raise InputError(f"'{text}' is no amount of memory; {VALID}.")
    return float(found[1]) * units[found[2].lower()]


def params_in_memory(size: float, bits: float = BITS, context: float = 0.0) -> float:
    """Parameters whose weights fit a memory beside what the context takes.

    (size - context) / (bits / 8).

    Parameters
    ----------
    size : float
        Of the memory, in bytes.
    bits : float
        A weight.
    context : float
        Bytes set aside: the cache of keys and values, and whatever else must fit.

    Raises
    ------
    InputError
        If a weight has no bits or more than 64, or nothing is left for weights.

    Examples
    --------
    >>> f"{params_in_memory(memory('24GB'), bits=4, context=memory('2GB')):.3g}"
    '4.4e+10'
    """
    if not 0 < bits <= 64:
        raise InputError(f"a weight has more than 0 and at most 64 bits; got {bits:g}.")
    if not 0 <= context < size:
        raise InputError(
            f"{context / GB:g} GB for the context leave nothing of {size / GB:g} GB for weights; "
            "set less aside, or name a larger device."
        )
    return (size - context) / (bits / BITS_IN_BYTE)


def params_on_device(study: Study, size: float, bits: float = BITS, context: float = 0.0) -> float:
    """`params_in_memory` as the size of a model that a study speaks of.

    Parameters
    ----------
    study : Study
    size : float
        Of the memory, in bytes.
    bits : float
        A weight.
    context : float
        Bytes set aside.

    Raises
    ------
    InputError
        If the study does not count all parameters, which is what memory holds, or nothing is left for weights.
    """
    if study.llms.size != "total":
        raise InputError(
            f"study '{study.name}' counts sizes as '{study.llms.size}', and memory holds all parameters; name the size "
            "in parameters instead."
        )
    return params_in_memory(size, bits, context)
