"""The options of a case: checked where they are written, resolved once into one frozen `Settings`.

CLI > marker (or the fixture's call) > ini > default, each option taken whole from the first that has it.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.runtimes.runtime import LOCAL
from pytest_modelcompat.settings.choices import (
    CHECKS,
    DEFAULT_CHECKS,
    DEFAULT_FORMATS,
    DEFAULT_SAVED_MODEL_LOADERS,
    SAVED_MODEL_LOADERS,
)
from pytest_modelcompat.settings.expected_failures import OPTION, ExpectedFailure, ExpectedFailureError, read_expected

if TYPE_CHECKING:
    from pytest_modelcompat.results.option_syntax import OptionPlace

DEFAULT_TIMEOUT = 300.0


class SettingsError(Exception):
    """An option is unknown, of the wrong type or half given; the message names it and the fix."""


@dataclass(frozen=True)
class Settings:
    """The options of one case, as README's table has them.

    `sources` says for each option that was set where it came from: `command line`, `marker`, `call` or `ini`.
    """

    formats: tuple[Any, ...] = DEFAULT_FORMATS
    custom_objects: Mapping[str, Any] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    op_libraries: tuple[str, ...] = ()
    inputs: Any = None
    name: str | None = None
    rtol: float | Mapping[str, float] | None = None
    atol: float | Mapping[str, float] | None = None
    seed: int = 0
    runtimes: tuple[Any, ...] = (LOCAL,)
    loads_in: tuple[str, ...] = ()
    checks: tuple[str, ...] = DEFAULT_CHECKS
    allow_ops: Mapping[str, str] = field(default_factory=dict)
    allow_layers: Mapping[str, str] = field(default_factory=dict)
    safe_mode: bool = True
    saved_model_loaders: tuple[str, ...] = DEFAULT_SAVED_MODEL_LOADERS
    expected_failures: tuple[ExpectedFailure, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    sources: Mapping[str, OptionPlace] = field(default_factory=dict)


@dataclass(frozen=True)
class OptionLayer:
    """Options from one source: what it is called, and name -> value as written there."""

    source: OptionPlace
    options: Mapping[str, Any]


def resolve_options(layers: Sequence[OptionLayer]) -> Settings:
    """The first value of each option, the layers given strongest first.

    Raises:
        SettingsError: for the first option that is wrong.
    """
    chosen: dict[str, Any] = {}
    sources: dict[str, OptionPlace] = {}
    for layer in layers:
        checked = check_options(layer)
        for name, value in checked.items():
            if name not in chosen:
                chosen[name], sources[name] = value, layer.source
    return Settings(**chosen, sources=sources)


def check_options(layer: OptionLayer) -> dict[str, Any]:
    """A source's options, each in the type that `Settings` has.

    Raises:
        SettingsError: for the first option that is unknown, of the wrong type, or half of rtol and atol.
    """
    checked = {}
    for name, value in layer.options.items():
        if name not in _CHECKERS:
            raise SettingsError(f"{layer.source}: {_unknown('option', name, tuple(_CHECKERS))}")
        try:
            checked[name] = _CHECKERS[name](value)
        except _WrongTypeError as error:
            message = f"{layer.source}: option {name!r} {error}, not {_shown(value)}"
            raise SettingsError(message) from None
        except _UnknownError as error:
            raise SettingsError(f"{layer.source}: option {name!r}: {error}") from None
    for one, other in (("rtol", "atol"), ("atol", "rtol")):
        if one in checked:
            half = _without_half(checked, one, other)
            if half is not None:
                raise SettingsError(f"{layer.source}: {half}; give both (0 is allowed) or neither")
    return checked


def _without_half(checked: Mapping[str, Any], one: str, other: str) -> str | None:
    """What one of rtol and atol is given for and the other is not, in words; None if they go together."""
    if other not in checked:
        return f"option {one!r} is given without {other!r}"
    if not isinstance(checked[one], Mapping) or not isinstance(checked[other], Mapping):
        return None
    name = next((name for name in checked[one] if name not in checked[other]), None)
    return None if name is None else f"option {one!r} is given for output {name!r}, and {other!r} is not"


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


def plain_name(entry: Any) -> str:
    """The name in an entry of `formats` or `runtimes`, which may be wrapped in `pytest.param`."""
    return str(entry.values[0]) if hasattr(entry, "marks") else str(entry)


class _WrongTypeError(Exception):
    """Says what the option takes."""


class _UnknownError(Exception):
    """Says what is not known, and the near match."""


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"


def _unknown(what: str, given: str, known: tuple[str, ...]) -> str:
    import difflib

    near = difflib.get_close_matches(given, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    return f"unknown {what} {given!r}; {hint}"


def _strings(takes: str) -> Callable[[Any], tuple[str, ...]]:
    def checker(value: Any) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise _WrongTypeError(takes)
        if not all(isinstance(item, (str, Path)) for item in value):
            raise _WrongTypeError(takes)
        return tuple(str(item) for item in value)

    return checker


def _names(what: str, known: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    takes = f"takes a list of {what}s, of {', '.join(known)}"

    def checker(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = (value,)
        if not isinstance(value, Sequence) or not value:
            raise _WrongTypeError(takes)
        for entry in value:
            name = entry.values[0] if hasattr(entry, "marks") else entry
            if not isinstance(name, str):
                raise _WrongTypeError(takes)
            if name not in known:
                raise _UnknownError(_unknown(what, name, known))
        names = [plain_name(entry) for entry in value]
        if len(set(names)) != len(names):
            raise _WrongTypeError(f"{takes}, each once")
        return tuple(value)

    return checker


def _runtimes(value: Any) -> tuple[Any, ...]:
    """Names only, as formats are: which runtimes there are, the project's pyproject.toml says."""
    takes = 'takes a list of runtime names, such as ["local", "tf2.15"]'
    value = (value,) if isinstance(value, str) else value
    if not isinstance(value, Sequence) or not value:
        raise _WrongTypeError(takes)
    names = [entry.values[0] if hasattr(entry, "marks") else entry for entry in value]
    if not all(isinstance(name, str) and name for name in names):
        raise _WrongTypeError(takes)
    if len(set(names)) != len(names):
        raise _WrongTypeError(f"{takes}, each once")
    return tuple(value)


def _loads_in(value: Any) -> tuple[str, ...]:
    takes = 'takes a list of runtime names and profile files, such as ["tf2.15", "profiles/prod.json"]'
    return _strings(takes)((value,) if isinstance(value, str) else value)


def _custom_objects(value: Any) -> Mapping[str, Any]:
    takes = 'takes a dict of name -> class or function, such as {"Scale": Scale}'
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _WrongTypeError(takes)
    for name, target in value.items():
        if isinstance(target, str):
            parse_object(target)
        elif not callable(target):
            raise _WrongTypeError(f"{takes}; {name!r} is neither")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongTypeError("takes a name that is not empty")
    return value


def _number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Real) and 0 <= float(value) < math.inf


def _tolerance(value: Any) -> float | Mapping[str, float]:
    if isinstance(value, Mapping) and value and all(isinstance(k, str) and _number(v) for k, v in value.items()):
        return {name: float(number) for name, number in value.items()}
    if _number(value):
        return float(value)
    raise _WrongTypeError("takes a number that is not negative, or a dict of output name -> number")


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not 0 <= int(value) < 2**32:
        raise _WrongTypeError("takes a whole number from 0 to 2**32 - 1")
    return int(value)


def _allowed(value: Any) -> Mapping[str, str]:
    takes = 'takes a dict of name -> reason, such as {"Erf": "gelu since 1.4"}'
    if not isinstance(value, Mapping):
        raise _WrongTypeError(takes)
    for name, reason in value.items():
        if not isinstance(name, str) or not isinstance(reason, str) or not reason.strip():
            raise _WrongTypeError(f"{takes}; every entry needs a reason that is not empty")
    return value


def _expected_failures(value: Any) -> tuple[ExpectedFailure, ...]:
    try:
        return read_expected(value)
    except ExpectedFailureError as error:
        raise _UnknownError(str(error)) from None


def _saved_model_loaders(value: Any) -> tuple[str, ...]:
    """The object loader first, listed or not: the others are held against what it gives."""
    listed = map(plain_name, _names("loader", SAVED_MODEL_LOADERS)(value))
    return ("object", *(name for name in listed if name != "object"))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongTypeError("takes True or False")
    return value


def _timeout(value: Any) -> float:
    if not _number(value) or value == 0:
        raise _WrongTypeError("takes a number of seconds above 0")
    return float(value)


_CHECKERS: Mapping[str, Callable[[Any], Any]] = {
    "formats": _names("format", tuple(FORMATS)),
    "custom_objects": _custom_objects,
    "imports": _strings('takes a list of module names, such as ["shop.layers"]'),
    "op_libraries": _strings("takes a list of paths of op libraries"),
    "inputs": lambda value: value,
    "name": _name,
    "rtol": _tolerance,
    "atol": _tolerance,
    "seed": _seed,
    "runtimes": _runtimes,
    "loads_in": _loads_in,
    "checks": _names("check", CHECKS),
    "allow_ops": _allowed,
    "allow_layers": _allowed,
    "safe_mode": _flag,
    "saved_model_loaders": _saved_model_loaders,
    "timeout": _timeout,
    OPTION: _expected_failures,
}
