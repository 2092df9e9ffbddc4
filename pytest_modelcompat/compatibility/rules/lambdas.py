"""Lambdas: Python bytecode in an artifact, and what the runtime's Python makes of it."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.text import first_few, listed
from pytest_modelcompat.artifacts.versions import MinorVersion, dotted
from pytest_modelcompat.compatibility.fixes import LOAD_UNSAFE, TO_THE_COMMAND, declare
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.bytecode import Outcome
    from pytest_modelcompat.artifacts.inventory import Code, LambdaUse
    from pytest_modelcompat.compatibility.context import CompatibilityContext

LAMBDA_FIX = (
    "write the function as a layer of its own, or register it: @keras.saving.register_keras_serializable()",
    "and save the model again",
)
# The first Keras whose .keras loader, and the first whose .h5 loader, refuses bytecode by default, for profiles that
# were recorded before this was asked. Measured.
_SAFE_KERAS = (2, 13)
_SAFE_H5 = (3, 11)
# What a stored function finds beside the builtins in the module that runs it, the newest Keras first. Keras 2 looks
# into the function's own module too, where that is imported. Read in their sources, measured.
_GIVEN = (
    ((3, 0), frozenset({"binascii", "codecs", "marshal", "os", "python_types"})),
    ((2, 7), frozenset({"np", "sys", "textwrap", "tf", "warnings"})),
    ((2, 6), frozenset({"K", "copy", "functools", "np", "operator", "sys", "textwrap", "tf", "warnings"})),
    ((0, 0), frozenset({"K", "copy", "functools", "np", "operator", "sys", "textwrap", "warnings"})),
)
# From this version on a Sequential read from a .keras file is built without a word where that fails. Measured.
_ASKS_NO_SEQUENTIAL = (3, 5)


def lambda_bytecode(context: CompatibilityContext) -> Iterator[Finding]:
    """Findings for Lambda layers that hold Python bytecode: refused in safe mode, or run by another Python."""
    uses = [use for use in context.inventory.lambdas if use.has_bytecode]
    if not uses:
        return
    if is_refused(context):
        unless = "unless safe_mode=False is given"
        fix = (LOAD_UNSAFE, f"{TO_THE_COMMAND} --unsafe", *_or(LAMBDA_FIX))
        yield _refused(context, uses, unless, fix)
        return
    wrapped = [use for use in uses if context.is_wrapped(use.path)]
    if wrapped and context.inventory.format == "h5" and (3, 0) <= context.reader < _SAFE_H5:
        # It hands the safe mode of an .h5 file on to the layers of a model only.
        yield _refused(context, wrapped, "inside another layer of an .h5 file, even with safe_mode=False", LAMBDA_FIX)
        return
    for use in uses:
        yield from _bytecode_outcomes(context, use)
        yield from _nameless(context, use)


def _refused(context: CompatibilityContext, uses: list[LambdaUse], unless: str, fix: tuple[str, ...]) -> Finding:
    return Finding(
        Kind.LAMBDA_REFUSED,
        subject="Lambda",
        where=first_few(layer_location(use.path) for use in uses),
        cause=f"it holds Python bytecode, which {context.reader_name} does not run {unless}",
        fix=fix,
        stage=Stage.CONFIG,
        source="keras-team/keras#19151",
    )


def in_activations(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a layer was given a lambda as its activation: Keras writes it, and reads it back nowhere."""
    uses = [layer for layer in context.inventory.layers if any(map(_is_lambda_activation, layer.config.items()))]
    if uses:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="activation",
            where=locations(uses),
            cause="its activation is a lambda, which Keras writes into the file in a way that no Keras reads",
            fix=("give the activation as a registered function, or as a layer of its own", "and save the model again"),
            blame=Blame.WRITER,
            stage=Stage.CONFIG,
            source="measured",
        )


def _is_lambda_activation(entry: tuple[str, object]) -> bool:
    key, value = entry
    code = value.get("value") if key.endswith("activation") and isinstance(value, dict) else None
    return isinstance(code, list) and len(code) == 3 and isinstance(code[0], str)


def named_functions(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each function that a Lambda layer names and that nobody has declared."""
    for use in context.inventory.lambdas:
        name = use.function_name
        if (
            name
            and not use.has_bytecode
            and name not in context.custom
            and context.profile.find("object", name) is None
        ):
            yield Finding(
                Kind.UNKNOWN_OBJECT,
                subject=name,
                where=(layer_location(use.path),),
                cause=f"the Lambda layer names this function, which {context.reader_name} does not have, "
                "and it is not declared",
                fix=declare(name),
                stage=Stage.CONFIG,
            )


def is_refused(context: CompatibilityContext) -> bool:
    """Whether the loader refuses bytecode before any Python sees it."""
    if not (context.safe_mode and context.is_keras_file):
        return False
    if context.profile.refuses is not None:
        return "Lambda" in context.profile.refuses.get(context.inventory.format, ())
    return context.reader >= (_SAFE_KERAS if context.inventory.format == "keras" else _SAFE_H5)


def _bytecode_outcomes(context: CompatibilityContext, use: LambdaUse) -> Iterator[Finding]:
    from pytest_modelcompat.artifacts.bytecode import outcome, runs_on

    for code in use.codes:
        found = outcome(code, context.profile.python)
        if found.kind == "runs":
            continue
        yield Finding(
            Kind.PYTHON_BYTECODE,
            subject="Lambda",
            where=(layer_location(use.path),),
            cause=_cause(context, code, found),
            fix=(f"load it with Python {_versions(runs_on(code))}", *_or(LAMBDA_FIX)) if runs_on(code) else LAMBDA_FIX,
            blame=Blame.WRITER,
            stage=_stage(found),
            source="measured",
        )


def _nameless(context: CompatibilityContext, use: LambdaUse) -> Iterator[Finding]:
    """A finding where a function uses names that it will not find where it is read again."""
    for code in use.codes:
        names = _absent(context, code)
        if names and context.profile.python in code.runs_on:
            yield Finding(
                Kind.PYTHON_BYTECODE,
                subject="Lambda",
                where=(layer_location(use.path),),
                cause=f"its function uses the name {listed(names, conjunction='and')}, which is not defined for a "
                f"function that {context.reader_name} reads from a file (NameError)",
                fix=(*_import(names), *_or(LAMBDA_FIX)) if context.reader_major == 2 else LAMBDA_FIX,
                blame=Blame.WRITER,
                stage=_stage_of_call(context, use),
                source="measured",
            )


def _absent(context: CompatibilityContext, code: Code) -> tuple[str, ...]:
    given = next(names for since, names in _GIVEN if context.reader >= since)
    # Keras 3 does not look for a function's names among custom objects.
    declared = context.custom if context.reader_major == 2 else frozenset()
    return tuple(name for name in code.globals if name not in given | declared and not hasattr(builtins, name))


def _import(names: tuple[str, ...]) -> tuple[str, ...]:
    given = ", ".join(f'"{name}": {name}' for name in names)
    return (
        f"pass custom_objects={{{given}}} to load_model, or import the module it was written in before loading",
        f"{TO_THE_COMMAND} {' '.join(f'--custom {name}' for name in names)}",
    )


def _stage_of_call(context: CompatibilityContext, use: LambdaUse) -> Stage:
    """Where the function is first called: when the model is built, unless its shape is known or not asked for."""
    config = next((layer.config for layer in context.inventory.layers if layer.path == use.path), {})
    functional = {path for path, model in context.models if "output_layers" in model}
    is_asked = use.path[:-1] in functional or context.inventory.format == "h5" or context.reader < _ASKS_NO_SEQUENTIAL
    is_known = context.reader_major == 3 and config.get("output_shape") is not None
    return Stage.FIRST_CALL if is_known or not is_asked else Stage.BUILD


def _cause(context: CompatibilityContext, code: Code, found: Outcome) -> str:
    python = dotted(context.profile.python)
    if code.problem:
        return f"its Python bytecode cannot be read: {code.problem}"
    end = {"crashes": "crashes on it", "hangs": "never ends running it"}.get(found.kind, f"raises {found.text}")
    return f"it holds bytecode of CPython {_versions(code.written_by)}, and CPython {python} {end}"


def _stage(found: Outcome) -> Stage:
    return {"crashes": Stage.CRASH, "hangs": Stage.HANG}.get(found.kind, Stage.BUILD)


def _versions(versions: tuple[MinorVersion, ...]) -> str:
    return listed(map(dotted, versions), conjunction="or")


def _or(lines: tuple[str, ...]) -> tuple[str, ...]:
    return ("or " + lines[0], *lines[1:])


def in_saved_model(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where Keras' metadata of a SavedModel holds bytecode: TensorFlow does not run it, `load_model` does."""
    uses = [use for use in context.inventory.lambdas if use.has_bytecode]
    if uses:
        yield Finding(
            Kind.PYTHON_BYTECODE,
            subject="Lambda",
            where=first_few(layer_location(use.path) for use in uses),
            cause="Keras' metadata holds Python bytecode: Keras 2's load_model runs it, tf.saved_model.load does not",
            fix=LAMBDA_FIX,
            severity=Severity.NOTE,
            source="measured",
        )
