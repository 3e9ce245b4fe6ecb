"""What a reader is told of the arguments: a function of three or more says what each of them is."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any, get_args

import pytest
from cyclopts import Parameter

import bayesdensity

MODULES = [
    each.name for each in pkgutil.walk_packages(bayesdensity.__path__, "bayesdensity.") if each.name[-2:] != "__"
]
FEW = 2
"""Arguments that a summary line can explain."""
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def function_in(member: Any) -> FunctionType | None:
    """The function under decorators, class methods and static methods; None for anything else."""
    if isinstance(member, classmethod | staticmethod):
        member = member.__func__
    member = inspect.unwrap(member) if callable(member) else member
    return member if inspect.isfunction(member) else None


def public_functions(space: Mapping[str, Any], module: str) -> Iterator[tuple[str, FunctionType, list[FunctionType]]]:
    """Public functions and methods that a module defines, by qualified name, each with the methods it overrides."""
    for name, member in space.items():
        if name.startswith("_") or getattr(member, "__module__", module) != module:
            continue
        if inspect.isclass(member):
            bases = [vars(base) for base in member.__mro__[1:] if base.__module__.startswith("bayesdensity.")]
            for method, defined, _ in public_functions(vars(member), module):
                overridden = (function_in(base.get(method)) for base in bases)
                yield f"{name}.{method}", defined, [each for each in overridden if each is not None]
        elif (function := function_in(member)) is not None:
            yield name, function, []


def documented(function: FunctionType) -> set[str]:
    """Names in the Parameters section of a docstring."""
    text = inspect.cleandoc(function.__doc__ or "")
    section = re.search(r"^Parameters\n-+\n(.*?)(?=\n\n[A-Z]\w+\n-+\n|\Z)", text, re.M | re.S)
    lines = section[1].splitlines() if section else []
    named = [line.split(" : ")[0] for line in lines if line and not line.startswith(" ")]
    return {name.strip() for names in named for name in names.split(",")}


def has_help(function: FunctionType, annotation: Any) -> bool:
    """Whether the annotation of an argument of a command carries the help text that the command line shows."""
    try:
        resolved = eval(annotation, function.__globals__) if isinstance(annotation, str) else annotation
    except NameError:  # imported for type checkers only
        return False
    parts = [resolved, *get_args(resolved), *getattr(resolved, "__metadata__", ())]
    return any(isinstance(part, Parameter) and bool(part.help) for part in parts)


def unexplained(function: FunctionType, overridden: list[FunctionType]) -> list[str]:
    """Arguments that neither the docstring, nor that of an overridden method, nor a help text explains."""
    arguments = [each for each in inspect.signature(function).parameters.values() if each.kind not in VARIADIC]
    if arguments and arguments[0].name in ("self", "cls"):
        arguments = arguments[1:]
    if len(arguments) <= FEW:
        return []
    explained = set[str]().union(*(documented(each) for each in (function, *overridden)))
    if function.__module__.startswith("bayesdensity.cli."):
        explained |= {each.name for each in arguments if has_help(function, each.annotation)}
    return [each.name for each in arguments if each.name not in explained]


@pytest.mark.parametrize("name", MODULES)
def test_every_argument_of_many_is_explained(name: str) -> None:
    module = importlib.import_module(name)
    functions = public_functions(vars(module), name)
    faults = {called: unexplained(function, overridden) for called, function, overridden in functions}
    missing = [f"{name}.{called}: {', '.join(names)}" for called, names in faults.items() if names]
    assert not missing, "not in Parameters: " + "; ".join(missing)


def test_an_argument_left_out_is_noticed() -> None:
    def scaled(x: float, by: float, power: int) -> Any:
        """Scaled power.

        Parameters
        ----------
        x, by : float

        Returns
        -------
        power : float
        """
        return by * x**power

    assert isinstance(scaled, FunctionType)
    assert unexplained(scaled, []) == ["power"]
