"""Lambdas: Python bytecode in an artifact, and what the runtime's Python makes of it."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import layer_place, places, shortened
from pytest_modelcompat.compatibility.fixes import TO_THE_COMMAND, declare
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.bytecode import Outcome
    from pytest_modelcompat.artifacts.inventory import Code, LambdaUse
    from pytest_modelcompat.compatibility.context import Scene

FIX = (
    "write the function as a layer of its own, or register it: @keras.saving.register_keras_serializable()",
    "and save the model again",
)
# The first Keras whose .keras loader, and the first whose .h5 loader, refuses bytecode unless told otherwise. Measured.
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


def bytecode(scene: Scene) -> Iterator[Finding]:
    """Findings for Lambda layers that hold Python bytecode: refused in safe mode, or run by another Python."""
    uses = [use for use in scene.inventory.lambdas if use.has_bytecode]
    if not uses:
        return
    if is_refused(scene):
        told = "unless told to"
        fix = ("if you trust the file, load it with safe_mode=False", f"{TO_THE_COMMAND} --unsafe", *_or(FIX))
        yield _refused(scene, uses, told, fix)
        return
    wrapped = [use for use in uses if scene.is_wrapped(use.path)]
    if wrapped and scene.inventory.format == "h5" and (3, 0) <= scene.reader < _SAFE_H5:
        # It hands the safe mode of an .h5 file on to the layers of a model only.
        yield _refused(scene, wrapped, "inside another layer of an .h5 file, whatever it is told", FIX)
        return
    for use in uses:
        yield from _outcomes(scene, use)
        yield from _nameless(scene, use)


def _refused(scene: Scene, uses: list[LambdaUse], told: str, fix: tuple[str, ...]) -> Finding:
    return Finding(
        Kind.LAMBDA_REFUSED,
        subject="Lambda",
        where=shortened(layer_place(use.path) for use in uses),
        cause=f"it holds Python bytecode, which {scene.reader_name} does not run {told}",
        fix=fix,
        stage=Stage.CONFIG,
        source="keras-team/keras#19151",
    )


def in_activations(scene: Scene) -> Iterator[Finding]:
    """A finding where a layer was given a lambda as its activation: Keras writes it, and reads it back nowhere."""
    uses = [layer for layer in scene.inventory.layers if any(map(_is_lambda_activation, layer.config.items()))]
    if uses:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="activation",
            where=places(uses),
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


def named_functions(scene: Scene) -> Iterator[Finding]:
    """A finding for each function that a Lambda layer names and that nobody has declared."""
    for use in scene.inventory.lambdas:
        name = use.function_name
        if name and not use.has_bytecode and name not in scene.custom and scene.profile.find("object", name) is None:
            yield Finding(
                Kind.UNKNOWN_OBJECT,
                subject=name,
                where=(layer_place(use.path),),
                cause=f"the Lambda layer names this function, which {scene.reader_name} has not got, "
                "and it is not declared",
                fix=declare(name),
                stage=Stage.CONFIG,
            )


def is_refused(scene: Scene) -> bool:
    """Whether the loader refuses bytecode before any Python sees it."""
    first = _SAFE_KERAS if scene.inventory.format == "keras" else _SAFE_H5
    return scene.safe_mode and scene.is_keras_file and scene.reader >= first


def _outcomes(scene: Scene, use: LambdaUse) -> Iterator[Finding]:
    from pytest_modelcompat.artifacts.bytecode import outcome, runs_on

    for code in use.codes:
        found = outcome(code, scene.profile.python)
        if found.kind == "runs":
            continue
        yield Finding(
            Kind.PYTHON_BYTECODE,
            subject="Lambda",
            where=(layer_place(use.path),),
            cause=_cause(scene, code, found),
            fix=(f"load it with Python {_versions(runs_on(code))}", *_or(FIX)) if runs_on(code) else FIX,
            blame=Blame.WRITER,
            stage=_stage(found),
            source="measured",
        )


def _nameless(scene: Scene, use: LambdaUse) -> Iterator[Finding]:
    """A finding where a function uses names that it will not find where it is read again."""
    for code in use.codes:
        names = _absent(scene, code)
        if names and scene.profile.python in code.runs_on:
            yield Finding(
                Kind.PYTHON_BYTECODE,
                subject="Lambda",
                where=(layer_place(use.path),),
                cause=f"its function uses the name {' and '.join(names)}, which a function that {scene.reader_name} "
                "reads from a file has not got (NameError)",
                fix=(*_import(names), *_or(FIX)) if scene.reader_major == 2 else FIX,
                blame=Blame.WRITER,
                stage=_stage_of_call(scene, use),
                source="measured",
            )


def _absent(scene: Scene, code: Code) -> tuple[str, ...]:
    given = next(names for since, names in _GIVEN if scene.reader >= since)
    # Keras 3 does not look for a function's names among custom objects.
    declared = scene.custom if scene.reader_major == 2 else frozenset()
    return tuple(name for name in code.globals if name not in given | declared and not hasattr(builtins, name))


def _import(names: tuple[str, ...]) -> tuple[str, ...]:
    given = ", ".join(f'"{name}": {name}' for name in names)
    return (
        f"pass custom_objects={{{given}}} to load_model, or import the module it was written in before loading",
        f"{TO_THE_COMMAND} {' '.join(f'--custom {name}' for name in names)}",
    )


def _stage_of_call(scene: Scene, use: LambdaUse) -> Stage:
    """Where the function is first called: when the model is built, unless its shape is known or not asked for."""
    config = next((layer.config for layer in scene.inventory.layers if layer.path == use.path), {})
    functional = {path for path, model in scene.models if "output_layers" in model}
    is_asked = use.path[:-1] in functional or scene.inventory.format == "h5" or scene.reader < _ASKS_NO_SEQUENTIAL
    is_known = scene.reader_major == 3 and config.get("output_shape") is not None
    return Stage.FIRST_CALL if is_known or not is_asked else Stage.BUILD


def _cause(scene: Scene, code: Code, found: Outcome) -> str:
    python = "{}.{}".format(*scene.profile.python)
    if code.problem:
        return f"its Python bytecode cannot be read: {code.problem}"
    end = {"crashes": "crashes on it", "hangs": "never ends running it"}.get(found.kind, f"raises {found.text}")
    return f"it holds bytecode of CPython {_versions(code.written_by)}, and CPython {python} {end}"


def _stage(found: Outcome) -> Stage:
    return {"crashes": Stage.CRASH, "hangs": Stage.HANG}.get(found.kind, Stage.BUILD)


def _versions(versions: tuple[tuple[int, int], ...]) -> str:
    return " or ".join(f"{major}.{minor}" for major, minor in versions)


def _or(lines: tuple[str, ...]) -> tuple[str, ...]:
    return ("or " + lines[0], *lines[1:])


def in_saved_model(scene: Scene) -> Iterator[Finding]:
    """A note where Keras' metadata of a SavedModel holds bytecode: TensorFlow does not run it, `load_model` does."""
    uses = [use for use in scene.inventory.lambdas if use.has_bytecode]
    if uses:
        yield Finding(
            Kind.PYTHON_BYTECODE,
            subject="Lambda",
            where=shortened(layer_place(use.path) for use in uses),
            cause="Keras' metadata holds Python bytecode: Keras 2's load_model runs it, tf.saved_model.load does not",
            fix=FIX,
            severity=Severity.NOTE,
            source="measured",
        )
