"""Pieces of what a file states, of which every value is of the kind that it says it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator

from bayesdensity.base.errors import printable
from bayesdensity.base.written import NO_DAY, day_of

LONGEST_TITLE = 300


class Part(BaseModel):
    """A frozen piece of what is asked for; unknown keys, and numbers that are not finite, are refused.

    So is what Python would read as a value of another kind: ``"0.95"`` and true as numbers, 1 as true, numbers as days.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        kinds = _leaves(cls.model_fields[str(info.field_name)].annotation)
        for one in _flat(value):
            if fault := _fault(one, kinds):
                raise ValueError(fault)
        return value


def _leaves(kind: Any) -> frozenset[Any]:
    """Types that an annotation is made of; of literals, the type of their values."""
    parts = [part for part in get_args(kind) if part is not Ellipsis]
    if not parts:
        return frozenset({kind if isinstance(kind, type) else type(kind)})
    return frozenset[Any]().union(*(_leaves(part) for part in parts))


def _flat(value: Any) -> Iterator[Any]:
    """Values of a list or of lists in it; a mapping is a part of its own."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    elif not isinstance(value, dict):
        yield value


def _fault(value: Any, kinds: frozenset[Any]) -> str:
    """Why a value is none of these kinds, though Python would read it as one."""
    if str in kinds or not isinstance(value, bool | int | float | str):
        return ""
    if date in kinds:
        return "" if isinstance(value, str) and day_of(value) is not None else NO_DAY
    if bool in kinds:
        return "" if isinstance(value, bool) else "is true or false, without quotes"
    if kinds & {int, float} and isinstance(value, str | bool):
        return "is a number, written in digits without quotes"
    return ""


def title(text: str) -> str:
    """The text, if it can head a page."""
    if not text.strip() or len(text) > LONGEST_TITLE:
        raise ValueError(f"a title has 1 to {LONGEST_TITLE} characters")
    return prose(text)


def prose(text: str) -> str:
    """The text, unless it has characters that no page shows; line breaks and tabs are none of them."""
    if (shown := printable(text, keep="\n\t\u00a0\u2009\u202f")) != text:
        raise ValueError(f"has characters that are not seen; delete them: {shown[:LONGEST_TITLE]}")
    return text


Title = Annotated[str, AfterValidator(title)]
Prose = Annotated[str, AfterValidator(prose)]
