"""Whether Keras can make the user's own layers and models again from what they save, and the code where it cannot."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.class_code import BASE_ARGUMENTS, ClassCode, read_init
from pytest_modelcompat.roundtrip.model import sublayers

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.model import ModelUnderTest

_MOST_PLACES = 4


@dataclass(frozen=True)
class _Trouble:
    """What keeps Keras from calling `cls(**config)`.

    Args:
        raises: why there is no configuration; empty where there is one.
        missing: arguments that `__init__` requires and the configuration has not.
        refused: entries of the configuration that `__init__` does not take.
    """

    raises: str = ""
    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.raises or self.missing or self.refused)


def rebuild_findings(model: ModelUnderTest) -> tuple[Finding, ...]:
    """A finding for each class of the user's that a live model is made of and Keras cannot make again.

    Args:
        model: the live model; a plain `tf.Module` saves no configuration.
    """
    if model.keras is None:
        return ()
    places: dict[type, list[tuple[str, Any]]] = {}
    for path, held in _saved_by_configuration(model.model, (), model.keras):
        if not is_of_keras(type(held).__module__):
            places.setdefault(type(held), []).append((f'"{"/".join(path)}"' if path else "the model", held))
    return tuple(finding for cls, held in places.items() for finding in _of_class(cls, held, model.keras))


def _saved_by_configuration(held: Any, path: tuple[str, ...], package: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A layer or model and, with their paths, those in it that Keras makes again: a class makes its own ones itself."""
    yield path, held
    inner = sublayers(held)
    if not is_of_keras(type(held).__module__):
        init = read_init(type(held))
        given = list(ClassCode(held, init, package).values()) if init is not None else []
        inner = [layer for layer in inner if any(layer is each for each in given)]
    for layer in inner:
        yield from _saved_by_configuration(layer, (*path, str(layer.name)), package)


def _of_class(cls: type, held: list[tuple[str, Any]], package: str) -> Iterator[Finding]:
    instance = held[0][1]
    trouble = _trouble(cls, instance)
    if not trouble:
        return
    init = read_init(cls)
    code = ClassCode(instance, init, package) if init is not None else None
    where = tuple(path for path, _ in held)
    more = (f"and {len(where) - _MOST_PLACES} more",) if len(where) > _MOST_PLACES else ()
    yield Finding(
        Kind.CANNOT_REBUILD,
        subject=cls.__name__,
        where=(*where[:_MOST_PLACES], *more),
        cause=_cause(cls.__name__, trouble, code),
        fix=code.lines() if code is not None else _in_words(trouble),
        blame=Blame.WRITER,
    )


def _trouble(cls: type, instance: Any) -> _Trouble:
    try:
        if _overrides(cls, "from_config"):
            return _Trouble()
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    except Exception:  # noqa: BLE001 - a class of the user's says what it likes of itself
        return _Trouble()
    named = [each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    required = [each.name for each in named if each.default is each.empty]
    try:
        config = instance.get_config()
    except NotImplementedError as error:
        has_config = _overrides(cls, "get_config")
        raises = f"its get_config() raises {type(error).__name__}" if has_config else "it has no get_config()"
        return _Trouble(raises, tuple(required))
    except Exception:  # noqa: BLE001 - the save itself will say so
        return _Trouble()
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    # What can only be given by its place cannot be given from a configuration.
    by_name = {each.name for each in named if each.kind is not each.POSITIONAL_ONLY}
    missing = tuple(name for name in required if name not in config or name not in by_name)
    return _Trouble("", missing, () if takes_any else tuple(key for key in config if key not in by_name))


def _overrides(cls: type, method: str) -> bool:
    return any(method in vars(base) for base in cls.__mro__ if base is not object and not is_of_keras(base.__module__))


def _cause(name: str, trouble: _Trouble, code: ClassCode | None) -> str:
    objects = code.objects if code is not None else ()
    causes = []
    if trouble.raises:
        causes.append(f"{trouble.raises}, so Keras does not know what {name}.__init__() was given")
    elif trouble.missing:
        causes.append(f"{name}.__init__() requires {_quoted(trouble.missing)}, which its get_config() does not return")
    if objects:
        causes.append(
            f"{_quoted(objects)} {_be(objects)} no plain value, and Keras saves such only where the class says how"
        )
    base = [key for key in trouble.refused if key in BASE_ARGUMENTS]
    if base:
        given = f"Keras gives every layer it rebuilds its {listed(base, conjunction='and')}"
        causes.append(f"{given}, which {name}.__init__() does not take")
    others = [key for key in trouble.refused if key not in BASE_ARGUMENTS]
    if others:
        causes.append(f"its get_config() returns {_quoted(others)}, which {name}.__init__() does not take")
    return "; ".join(causes)


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    return listed([repr(name) for name in names], conjunction="and")


def _be(names: tuple[str, ...] | list[str]) -> str:
    return "is" if len(names) == 1 else "are each"


def with_declarations(
    findings: tuple[Finding, ...], syntax: OptionSyntax, declared: Container[str]
) -> tuple[Finding, ...]:
    """Findings of a save, the last with the option that declares their classes: a load will ask for that next.

    Args:
        findings: on the classes.
        syntax: how options are written.
        declared: names that the case declares.
    """
    names = [each.subject for each in findings if each.subject not in declared]
    if not names:
        return findings
    *others, last = findings
    return (*others, replace(last, fix=(*last.fix, syntax.custom_objects(names))))


def _in_words(trouble: _Trouble) -> tuple[str, ...]:
    take = ("let __init__ take **kwargs, and give them to super().__init__(**kwargs)",)
    give = (f"return {_quoted(trouble.missing)} from get_config()",) if trouble.missing else ()
    return (*(take if trouble.refused else ()), *give)
