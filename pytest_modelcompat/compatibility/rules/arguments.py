"""Arguments: the keys of stored configurations that a runtime's classes do not take, or need and do not find."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH, MODEL_CLASSES
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.artifacts.modules import is_third_party_module
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.profiles.profile import ObjectKnowledge

# What is translated before the class sees it.
_TRANSLATED_IN_H5 = frozenset({"batch_input_shape"})
# Keras 3.14 was the first to look every text of an .h5's configuration up among its layers. Read in its sources.
_LOOKS_TEXTS_UP = (3, 14)
_LAMBDA_OF_KERAS_2 = frozenset({"module", "function_type", "output_shape_type", "output_shape_module"})


def wrong_arguments(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each class and key that rebuilding the model would stumble over.

    What only `compile()` was given is judged by `compiling`.
    """
    yield from argument_findings(context, (use for use in context.uses if use.path != COMPILE_PATH))


def argument_findings(context: CompatibilityContext, uses: Iterable[Use]) -> Iterator[Finding]:
    """A finding for each class and key among these uses."""
    groups: dict[_Subject, list[Use]] = {}
    for use in uses:
        known = None if context.is_declared(use) else context.known(use)
        if known is None or not known.is_class or not _is_rebuilt(use):
            continue
        for key in unknown_keys(context, use, known):
            groups.setdefault(_Subject.of(known, key, Kind.UNKNOWN_ARGUMENT), []).append(use)
        for key in missing_keys(use, known):
            groups.setdefault(_Subject.of(known, key, Kind.MISSING_ARGUMENT), []).append(use)
    for subject, group in groups.items():
        yield _finding(context, subject, group)


def unknown_keys(context: CompatibilityContext, use: Use, known: ObjectKnowledge) -> tuple[str, ...]:
    """Keys of a stored configuration that a class does not take, in stored order."""
    if known.accepts is None or known.refuses_unknown is False:
        return ()
    taken = known.accepts | frozenset(known.writes or ())
    if isinstance(use, LayerUse) and context.is_translated(use):
        taken |= _LAMBDA_OF_KERAS_2 if use.name == "Lambda" else _TRANSLATED_IN_H5
    return tuple(key for key in use.config if key not in taken)


def missing_keys(use: Use, known: ObjectKnowledge) -> tuple[str, ...]:
    """Keys that a class needs and a stored configuration does not have."""
    if known.own_from_config or known.accepts is None:
        return ()
    return tuple(sorted(key for key in known.required if key not in use.config))


def _is_rebuilt(use: Use) -> bool:
    """Whether the class is called with its stored keys: a nested model is rebuilt from its layers instead."""
    if isinstance(use, LayerUse):
        return use.class_name not in MODEL_CLASSES
    return use.is_class


class _Subject(NamedTuple):
    """What a finding is about.

    Args:
        name: the class.
        key: the argument.
        kind: what is wrong with it.
        module: that of a class that is not Keras' own, which a recorded profile knows; else empty.
    """

    name: str
    key: str
    kind: Kind
    module: str

    @classmethod
    def of(cls, known: ObjectKnowledge, key: str, kind: Kind) -> _Subject:
        return cls(known.name, key, kind, known.home if is_third_party_module(known.home) else "")


def _finding(context: CompatibilityContext, subject: _Subject, group: list[Use]) -> Finding:
    name, key, kind, module = subject
    where = f"the {module} installed there" if module else context.reader_name
    if kind is Kind.MISSING_ARGUMENT:
        cause = f"{where} needs {key!r} to rebuild {name}, and the saved configuration does not have it"
    else:
        cause = f"the saved configuration holds {key!r}, which {name} of {where} does not take"
    return Finding(
        kind,
        subject=f"{name}({key}=…)",
        where=locations(group),
        cause=cause,
        fix=fixes.other_code(module) if module else fixes.other_keras(context),
        stage=Stage.CONFIG,
    )


def taken_for_functions(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each text in an .h5 file that a Keras takes for one of its functions: `score_mode="dot"`."""
    if context.inventory.format != "h5" or context.reader < _LOOKS_TEXTS_UP:
        return
    for layer in context.inventory.layers:
        # With a module beside it its configuration is taken as it stands. Read in its sources.
        for key, value in layer.config.items() if not layer.module else ():
            known = context.profile.public("keras.layers", value) if isinstance(value, str) and key != "name" else None
            if known is not None and not known.is_class:
                yield Finding(
                    Kind.CONFIG_CHANGED,
                    subject=f"{layer.class_name}({key}={value!r})",
                    where=locations([layer]),
                    cause=f"{context.reader_name} takes {value!r} for its function keras.layers.{value} when it reads "
                    "an .h5 file, and refuses it",
                    fix=(fixes.leave_h5(context.inventory),),
                    stage=Stage.CONFIG,
                    source="measured",
                )
