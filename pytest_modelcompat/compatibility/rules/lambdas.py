"""Lambdas: Python bytecode in an artifact, and what the runtime's Python makes of it."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lambdas import stored_function
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.modules import is_declared_registered
from pytest_modelcompat.artifacts.text import first_few, listed
from pytest_modelcompat.artifacts.versions import MinorVersion, dotted
from pytest_modelcompat.compatibility.fixes import COMPILE_FIX, DECORATOR, LOAD_UNSAFE, TO_THE_COMMAND, declare
from pytest_modelcompat.profiles.third_party import is_operation
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.artifacts.bytecode import Outcome
    from pytest_modelcompat.artifacts.inventory import Code, LambdaUse, LayerUse
    from pytest_modelcompat.compatibility.context import CompatibilityContext

LAMBDA_FIX = (
    f"write the function as a layer of its own, or register it: {DECORATOR}",
    "and save the model again",
)
_IN_A_LAMBDA = "call it in a lambda of your own, as Lambda(lambda x: tf.math.abs(x)) does, and save the model again"
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
# The modules that are, wherever Keras 2 is: of `tf.nn.relu`, which a Lambda holds as bytecode.
_IMPORTED = "tensorflow."
# Where a function is looked for that names no module of its own. `keras/src/saving/serialization_lib.py`.
_LOOKED_THROUGH = frozenset(
    {"activations", "constraints", "initializers", "losses", "metrics", "optimizers", "regularizers"}
)
# What Keras looks up by the name in a file.
_BY_NAME = frozenset({"activation", "initializer", "regularizer", "constraint"})
# From this version on a Sequential read from a .keras file is built without a word where that fails. Measured.
_ASKS_NO_SEQUENTIAL = (3, 5)


def lambda_bytecode(context: CompatibilityContext) -> Iterator[Finding]:
    """Findings for Lambda layers that hold Python bytecode: refused in safe mode, or run by another Python."""
    # What is not read at all is not refused for its lambda.
    unread = {COMPILE_PATH, *(layer.path for layer, _ in _lambdas_for_names(context))}
    if context.inventory.format == "h5":
        unread |= {layer.path for layer in context.inventory.layers if is_operation(layer)}
    uses = [use for use in context.inventory.lambdas if use.has_bytecode and _is_read(context, use, unread)]
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


def _is_read(context: CompatibilityContext, use: LambdaUse, unread: Collection[tuple[str, ...]]) -> bool:
    """Whether a Keras looks at bytecode at all: it passes over a layer's `build_config`, and Keras 3 over its mask."""
    is_mask = context.reader_major == 3 and context.inventory.format == "keras" and use.key == "mask"
    return use.path not in unread and use.key != "build_config" and not is_mask


def _refused(context: CompatibilityContext, uses: list[LambdaUse], unless: str, fix: tuple[str, ...]) -> Finding:
    return Finding(
        Kind.LAMBDA_REFUSED,
        subject=_class_of(context, uses),
        where=first_few(layer_location(use.path) for use in uses),
        cause=f"it holds Python bytecode, which {context.reader_name} does not run {unless}",
        fix=fix,
        stage=Stage.CONFIG,
        source="keras-team/keras#19151",
    )


def _class_of(context: CompatibilityContext, uses: list[LambdaUse]) -> str:
    """The class of the layers that hold the bytecode, `Lambda` where there are several."""
    paths = {use.path for use in uses}
    classes = {layer.class_name for layer in context.inventory.layers if layer.path in paths}
    return classes.pop() if len(classes) == 1 else "Lambda"


def in_arguments(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a layer has a lambda for what Keras looks up by name: it is written, and read nowhere."""
    groups: dict[str, list[LayerUse]] = {}
    for layer, role in _lambdas_for_names(context):
        groups.setdefault(role, []).append(layer)
    for role, layers in groups.items():
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject=role,
            where=locations(layers),
            cause=f"its {role} is a lambda, which Keras writes into the file in a way that no Keras reads",
            fix=(f"give the {role} as a registered function, or as a class of its own", "and save the model again"),
            blame=Blame.WRITER,
            stage=Stage.CONFIG,
            source="measured",
        )


def _lambdas_for_names(context: CompatibilityContext) -> Iterator[tuple[LayerUse, str]]:
    """The layers that have a lambda as their activation, initializer, regularizer or constraint, with that."""
    for layer in context.inventory.layers:
        for key, value in layer.config.items():
            role = key.rpartition("_")[2]
            if role in _BY_NAME and _is_lambda(value):
                yield layer, role


def _is_lambda(value: object) -> bool:
    config = value.get("config", value) if isinstance(value, dict) else None
    code = config.get("value") if isinstance(config, dict) else None
    return isinstance(code, list) and len(code) == 3 and isinstance(code[0], str)


def in_compile(context: CompatibilityContext) -> Iterator[Finding]:
    """Findings where `compile()` was given a lambda: refused in safe mode, or unreadable for another Python."""
    uses = [use for use in context.inventory.lambdas if use.has_bytecode and use.path == COMPILE_PATH]
    if uses and is_refused(context):
        yield _in_compile(
            Kind.LAMBDA_REFUSED,
            f"it was given a lambda, which {context.reader_name} does not read from a file unless safe_mode=False is "
            "given",
            (*COMPILE_FIX, f"or, {LOAD_UNSAFE}", f"{TO_THE_COMMAND} --unsafe"),
        )
    elif uses:
        causes = (_cause(context, code, found) for code, found in _outcomes(context, uses) if _is_unreadable(found))
        for cause in dict.fromkeys(causes):
            yield _in_compile(Kind.PYTHON_BYTECODE, cause, COMPILE_FIX)


def _in_compile(kind: Kind, cause: str, fix: tuple[str, ...]) -> Finding:
    return Finding(
        kind,
        subject="compile()",
        cause=cause,
        fix=(*fix, "or give compile() a function with a name, and save the model again"),
        blame=Blame.WRITER,
        stage=Stage.CONFIG,
        source="measured",
    )


def _outcomes(context: CompatibilityContext, uses: Iterable[LambdaUse]) -> Iterator[tuple[Code, Outcome]]:
    from pytest_modelcompat.artifacts.bytecode import outcome

    for use in uses:
        for code in use.codes:
            yield code, outcome(code, context.profile.python)


def _is_unreadable(found: Outcome) -> bool:
    """Whether reading it fails: what `compile()` was given is called only where the model is trained further."""
    return found.kind == "raises" and any(word in found.text for word in ("marshal", "EOF", "bad argument"))


def named_functions(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each function that a Lambda layer names and that nobody has declared."""
    for use in context.inventory.lambdas:
        name = use.function_name
        if (
            name
            and not use.has_bytecode
            and name not in context.custom
            and not is_declared_registered(name, context.custom)
            and not _is_found(context, use, name)
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


def _is_found(context: CompatibilityContext, use: LambdaUse, name: str) -> bool:
    """Whether the reader finds a function of its own by the name that a Lambda holds: in a few of its modules alone."""
    known = context.profile.find("object", name)
    function = _config_of(context, use).get("function")
    has_module = isinstance(function, dict) and function.get("module") not in (None, "builtins")
    # Of Keras 3, what names a module is judged by that, `builtins` too.
    if known is None or has_module or context.reader_major == 3:
        return known is not None
    if context.inventory.format == "h5":
        return False
    return any(path.split(".")[-2] in _LOOKED_THROUGH for path in known.paths)


def is_refused(context: CompatibilityContext) -> bool:
    """Whether the loader refuses bytecode before any Python sees it."""
    if not (context.safe_mode and context.is_keras_file):
        return False
    if context.profile.refuses is not None:
        return "Lambda" in context.profile.refuses.get(context.inventory.format, ())
    return context.reader >= (_SAFE_KERAS if context.inventory.format == "keras" else _SAFE_H5)


def _bytecode_outcomes(context: CompatibilityContext, use: LambdaUse) -> Iterator[Finding]:
    for code, found in _outcomes(context, [use]):
        if found.kind == "runs":
            continue
        # The runtime keeps its TensorFlow, which is not published for every Python.
        pythons = [python for python in code.runs_on if python in context.profile.pythons]
        yield Finding(
            Kind.PYTHON_BYTECODE,
            subject="Lambda",
            where=(layer_location(use.path),),
            cause=_cause(context, code, found),
            fix=(f"load it with Python {_versions(pythons)}", *_or(LAMBDA_FIX)) if pythons else LAMBDA_FIX,
            blame=Blame.WRITER,
            stage=_stage(found),
            source="measured",
        )


def _nameless(context: CompatibilityContext, use: LambdaUse) -> Iterator[Finding]:
    """A finding where a function uses names that it will not find where it is read again."""
    config = _config_of(context, use)
    is_imported = context.reader_major == 2 and str(config.get("module")).startswith(_IMPORTED)
    for code in use.codes:
        names = () if is_imported else _absent(context, code)
        inner = _inner_function(config) if is_imported else ""
        if (names or inner) and context.profile.python in code.runs_on:
            yield Finding(
                Kind.PYTHON_BYTECODE,
                subject="Lambda",
                where=(layer_location(use.path),),
                cause=_without_function(context, inner) if inner else _without_names(context, names),
                fix=_fix(context, names, is_decorated=bool(inner)),
                blame=Blame.WRITER,
                stage=_stage_of_call(context, use),
                source="measured",
            )


def _fix(context: CompatibilityContext, names: tuple[str, ...], *, is_decorated: bool) -> tuple[str, ...]:
    if is_decorated:
        return (_IN_A_LAMBDA, *_or(LAMBDA_FIX))
    return (*_import(names), *_or(LAMBDA_FIX)) if context.reader_major == 2 else LAMBDA_FIX


def _without_names(context: CompatibilityContext, names: tuple[str, ...]) -> str:
    return (
        f"its function uses the name {listed(names, conjunction='and')}, which is not defined for a function that "
        f"{context.reader_name} reads from a file (NameError)"
    )


def _without_function(context: CompatibilityContext, inner: str) -> str:
    return (
        f"its function is one of TensorFlow with a decorator, and the file holds the decorator's code and of the "
        f"function in it only the name {inner}, which {context.reader_name} calls as a text"
    )


def _inner_function(config: Mapping[str, Any]) -> str:
    """The name that Keras 2 writes in the place of a function that another one of TensorFlow encloses."""
    enclosed = stored_function(config)[2]
    return next((each for each in enclosed or () if isinstance(each, str)), "")


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
    is_h5, is_old = context.inventory.format == "h5", context.reader < _ASKS_NO_SEQUENTIAL
    is_asked = context.is_in_functional(use.path) or is_h5 or is_old
    is_known = context.reader_major == 3 and _config_of(context, use).get("output_shape") is not None
    return Stage.FIRST_CALL if is_known or not is_asked else Stage.BUILD


def _config_of(context: CompatibilityContext, use: LambdaUse) -> Mapping[str, Any]:
    """The configuration of a Lambda; nothing for a function that is no layer's."""
    return next((layer.config for layer in context.inventory.layers if layer.path == use.path), {})


def _cause(context: CompatibilityContext, code: Code, found: Outcome) -> str:
    python = dotted(context.profile.python)
    if code.problem:
        return f"its Python bytecode cannot be read: {code.problem}"
    end = {"crashes": "crashes on it", "hangs": "never ends running it"}.get(found.kind, f"raises {found.text}")
    return f"it holds bytecode of CPython {_versions(code.written_by)}, and CPython {python} {end}"


def _stage(found: Outcome) -> Stage:
    return {"crashes": Stage.CRASH, "hangs": Stage.HANG}.get(found.kind, Stage.BUILD)


def _versions(versions: Sequence[MinorVersion]) -> str:
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
