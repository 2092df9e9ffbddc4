"""What values an option takes: one function for each check that the table names.

Each gives the value in the type that `Settings` has, or raises `WrongTypeError` or `UnknownNameError`.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.settings.comparisons import ComparisonError, read_comparisons
from pytest_modelcompat.settings.expected_failures import ExpectedFailure, ExpectedFailureError, read_expected
from pytest_modelcompat.settings.table import CHECKS, ISOLATION, SAVED_MODEL_LOADERS

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.criterion import Criterion


class SettingsError(Exception):
    """An option is unknown, of the wrong type or half given; the message names it and the fix."""


def parse_object(text: str) -> tuple[str, str]:
    """`module:qualname` or `NAME=module:qualname` as name and place.

    Raises:
        SettingsError: the text is neither.
    """
    name, _, place = text.rpartition("=")
    module, _, qualname = place.strip().partition(":")
    if not module or not qualname:
        raise SettingsError(f"custom object {text!r} is not written as module:Class or Name=module:Class")
    return (name.strip() or qualname.rpartition(".")[2]), f"{module}:{qualname}"


def parse_allowed(text: str) -> tuple[str, str]:
    """`NAME=REASON` as name and reason.

    Raises:
        SettingsError: the text has no name or no reason.
    """
    name, _, reason = (part.strip() for part in text.partition("="))
    if not name or not reason:
        raise SettingsError(f"{text!r} is not written as NAME=REASON, such as 'WriteFile=it keeps its own log'")
    return name, reason


def plain_name(entry: Any) -> str:
    """The name in an entry of `formats` or `runtimes`, which may be wrapped in `pytest.param`."""
    return str(entry.values[0]) if hasattr(entry, "marks") else str(entry)


class WrongTypeError(Exception):
    """A value is of the wrong type; the message says what the option takes."""


class UnknownNameError(Exception):
    """A value names something that there is not; the message says what, and the near match."""


def unknown_name(what: str, given: str, known: tuple[str, ...]) -> str:
    """The sentence on a name that is not known, with the near match, else all that are.

    Args:
        what: what it names: `option`, `format`.
        given: the name.
        known: those there are.
    """
    return f"unknown {what} {given!r}; {did_you_mean(given, known)}"


def _strings(takes: str) -> Callable[[Any], tuple[str, ...]]:
    def checker(value: Any) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise WrongTypeError(takes)
        if not all(isinstance(item, (str, Path)) for item in value):
            raise WrongTypeError(takes)
        return tuple(str(item) for item in value)

    return checker


def _names(what: str, known: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    takes = f"takes a list of {what}s, of {', '.join(known)}"

    def checker(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = (value,)
        if not isinstance(value, Sequence) or not value:
            raise WrongTypeError(takes)
        for entry in value:
            name = entry.values[0] if hasattr(entry, "marks") else entry
            if not isinstance(name, str):
                raise WrongTypeError(takes)
            if name not in known:
                raise UnknownNameError(unknown_name(what, name, known))
        names = [plain_name(entry) for entry in value]
        if len(set(names)) != len(names):
            raise WrongTypeError(f"{takes}, each once")
        return tuple(value)

    return checker


def runtimes(value: Any) -> tuple[Any, ...]:
    """Names only, as formats are: which runtimes there are, the project's pyproject.toml says."""
    takes = 'takes a list of runtime names, such as ["local", "tf2.15"]'
    value = (value,) if isinstance(value, str) else value
    if not isinstance(value, Sequence) or not value:
        raise WrongTypeError(takes)
    names = [entry.values[0] if hasattr(entry, "marks") else entry for entry in value]
    if not all(isinstance(name, str) and name for name in names):
        raise WrongTypeError(takes)
    if len(set(names)) != len(names):
        raise WrongTypeError(f"{takes}, each once")
    return tuple(value)


def loads_in(value: Any) -> tuple[str, ...]:
    """Names of runtimes, and paths of profile files."""
    takes = 'takes a list of runtime names and profile files, such as ["tf2.15", "profiles/prod.json"]'
    return _strings(takes)((value,) if isinstance(value, str) else value)


def custom_objects(value: Any) -> Mapping[str, Any]:
    """Classes and functions by name, or their places as `module:qualname`."""
    takes = 'takes a dict of name -> class or function, such as {"Scale": Scale}'
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise WrongTypeError(takes)
    for key, target in value.items():
        if isinstance(target, str):
            parse_object(target)
        elif not callable(target):
            raise WrongTypeError(f"{takes}; {key!r} is neither")
    return value


def name(value: Any) -> str:
    """A name."""
    if not isinstance(value, str) or not value.strip():
        raise WrongTypeError("takes a name that is not empty")
    return value


def _number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Real) and 0 <= float(value) < math.inf


def tolerance(value: Any) -> float | Mapping[str, float]:
    """A tolerance, or one for each output."""
    if isinstance(value, Mapping) and value and all(isinstance(k, str) and _number(v) for k, v in value.items()):
        return {name: float(number) for name, number in value.items()}
    if _number(value):
        return float(value)
    raise WrongTypeError("takes a number that is not negative, or a dict of output name -> number")


def seed(value: Any) -> int:
    """A seed that NumPy takes too."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not 0 <= int(value) < 2**32:
        raise WrongTypeError("takes a whole number from 0 to 2**32 - 1")
    return int(value)


def allowed(value: Any) -> Mapping[str, str]:
    """Names, each with the reason why it is accepted."""
    takes = 'takes a dict of name -> reason, such as {"Erf": "gelu since 1.4"}'
    if not isinstance(value, Mapping):
        raise WrongTypeError(takes)
    for name, reason in value.items():
        if not isinstance(name, str) or not isinstance(reason, str) or not reason.strip():
            raise WrongTypeError(f"{takes}; every entry needs a reason that is not empty")
    return value


def expected_failures(value: Any) -> tuple[ExpectedFailure, ...]:
    """Failures that are known."""
    try:
        return read_expected(value)
    except ExpectedFailureError as error:
        raise UnknownNameError(str(error)) from None


def compare(value: Any) -> Mapping[str, Criterion]:
    """What decides, by output; the empty name is that of all others."""
    try:
        return read_comparisons(value)
    except ComparisonError as error:
        raise UnknownNameError(str(error)) from None


def stochastic(value: Any) -> tuple[str, ...]:
    """Names of outputs."""
    return _strings('takes a list of output names, such as ["z"]')((value,) if isinstance(value, str) else value)


def saved_model_loaders(value: Any) -> tuple[str, ...]:
    """The object loader first, listed or not: the others are held against what it gives."""
    listed = map(plain_name, _names("loader", SAVED_MODEL_LOADERS)(value))
    return ("object", *(name for name in listed if name != "object"))


def switch(value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise WrongTypeError("takes True or False")
    return value


def timeout(value: Any) -> float:
    """Seconds."""
    if not _number(value) or value == 0:
        raise WrongTypeError("takes a number of seconds above 0")
    return float(value)


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(I?)B|B)?", re.IGNORECASE)


def memory_limit(value: Any) -> int:
    """Bytes."""
    takes = 'takes a number of bytes above 0, or a text such as "8GB" or "512MiB"'
    match = _SIZE.fullmatch(str(value).strip()) if isinstance(value, (int, str)) else None
    if match is None or isinstance(value, bool):
        raise WrongTypeError(takes)
    size = int(
        float(match[1]) * (1024 if match[3] else 1000) ** ("KMGT".index(match[2].upper()) + 1 if match[2] else 0)
    )
    if size == 0:
        raise WrongTypeError(takes)
    return size


def isolation(value: Any) -> str:
    """A level."""
    if value not in ISOLATION:
        raise WrongTypeError(f"takes one of {', '.join(ISOLATION)}")
    return str(value)


def inputs(value: Any) -> Any:
    """Anything; it is made into arrays where the model is called."""
    return value


def train(value: Any) -> Any:
    """Targets, or the place of a function that gives them."""
    if isinstance(value, str):
        module, _, function = value.partition(":")
        if not module.strip() or not function.strip():
            raise WrongTypeError("takes targets, a function that gives them, or its place as module:function")
    return value


formats = _names("format", tuple(FORMATS))
checks = _names("check", CHECKS)
imports = _strings('takes a list of module names, such as ["shop.layers"]')
op_libraries = _strings("takes a list of paths of op libraries")
