"""Whether Keras can make the user's own layers and models again from what they save, and the code where it cannot."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.artifacts.text import first_few, listed
from pytest_modelcompat.diagnosis.unresolved import takes_no_base_arguments
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.classes.code import BASE_ARGUMENTS, ClassCode, read_init
from pytest_modelcompat.roundtrip.model import is_layer, own_objects, sublayers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


@dataclass(frozen=True)
class ClassTrouble:
    """Classes of the user's that Keras cannot make again, all by one `__init__`.

    Args:
        names: their names.
        finding: on the class that has the `__init__`.
    """

    names: tuple[str, ...]
    finding: Finding


def class_troubles(model: ModelUnderTest) -> tuple[ClassTrouble, ...]:
    """What keeps Keras from making the classes of the user's again that a live model is made of.

    Args:
        model: the live model; a plain `tf.Module` saves no configuration.
    """
    places: dict[type, list[tuple[str, Any, _Trouble]]] = {}
    for path, held in _own(model):
        trouble = _trouble(held)
        if trouble:
            place = f'"{"/".join(path)}"' if path else "the model"
            places.setdefault(_owner_of_init(type(held)), []).append((place, held, trouble))
    return tuple(_of_class(owner, held, model.keras or "keras") for owner, held in places.items())


def own_classes(model: ModelUnderTest) -> tuple[str, ...]:
    """The names of the user's classes that a live model is made of and Keras makes again."""
    return tuple(dict.fromkeys(type(held).__name__ for _, held in _own(model)))


def _own(model: ModelUnderTest) -> Iterator[tuple[tuple[str, ...], Any]]:
    if model.keras is not None:
        for path, held in _saved_by_configuration(model.model, (), model.keras):
            if not is_of_keras(type(held).__module__):
                yield path, held
            if held is model.model or is_of_keras(type(held).__module__):
                yield from ((path, each) for each in own_objects(held) if _is_own_part(each))


def _is_own_part(each: Any) -> bool:
    """Whether it is a regularizer, an initializer, a loss, ... of the user's: no layer, and saved by configuration."""
    first, *bases = (is_of_keras(base.__module__) for base in type(each).__mro__)
    return not first and any(bases) and not is_layer(each)


def _owner_of_init(cls: type) -> type:
    """The class that has the `__init__` by which objects of a class are made: itself, or a base of the user's own."""
    owner = next(base for base in cls.__mro__ if "__init__" in vars(base))
    return cls if is_of_keras(owner.__module__) else owner


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


def _of_class(owner: type, held: list[tuple[str, Any, _Trouble]], package: str) -> ClassTrouble:
    _, instance, trouble = held[0]
    init = read_init(owner)
    code = ClassCode(instance, init, package) if init is not None else None
    names = tuple(dict.fromkeys(type(each).__name__ for _, each, _ in held))
    finding = Finding(
        Kind.CANNOT_REBUILD,
        subject=owner.__name__,
        where=first_few((place for place, _, _ in held), _MOST_PLACES),
        cause=_made_by(owner, names) + _cause(f"{owner.__module__}.{owner.__name__}", trouble, code),
        fix=code.lines() if code is not None else _in_words(trouble),
        blame=Blame.WRITER,
    )
    return ClassTrouble(names, finding)


def _made_by(owner: type, names: Sequence[str]) -> str:
    others = [name for name in names if name != owner.__name__]
    be = "is" if len(others) == 1 else "are"
    return f"{listed(others, conjunction='and')} {be} made by the __init__() of {owner.__name__}; " if others else ""


def _trouble(instance: Any) -> _Trouble:
    cls = type(instance)
    try:
        if _overrides(cls, "from_config"):
            return _Trouble()
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
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
    if {*trouble.refused} & {*BASE_ARGUMENTS}:
        causes.append(takes_no_base_arguments(name))
    others = [key for key in trouble.refused if key not in BASE_ARGUMENTS]
    if others:
        causes.append(f"its get_config() returns {_quoted(others)}, which {name}.__init__() does not take")
    return "; ".join(causes)


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    return listed([repr(name) for name in names], conjunction="and")


def _be(names: tuple[str, ...] | list[str]) -> str:
    return "is" if len(names) == 1 else "are each"


def with_declarations(
    troubles: tuple[ClassTrouble, ...], syntax: OptionSyntax, names: Sequence[str]
) -> tuple[Finding, ...]:
    """Findings of a save, the last with the option that declares the model's classes: a load will ask for that next.

    Args:
        troubles: of some of the classes.
        syntax: how options are written.
        names: of all classes of the user's in the model.
    """
    findings = tuple(each.finding for each in troubles)
    if not findings or not {*names} - {*syntax.declared["custom_objects"]}:
        return findings
    *others, last = findings
    return (*others, replace(last, fix=(*last.fix, syntax.custom_objects(names))))


def _in_words(trouble: _Trouble) -> tuple[str, ...]:
    take = ("let __init__ take **kwargs, and give them to super().__init__(**kwargs)",)
    give = (f"return {_quoted(trouble.missing)} from get_config()",) if trouble.missing else ()
    return (*(take if trouble.refused else ()), *give)
