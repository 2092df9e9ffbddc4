"""Names in the artifact that mean nothing to the loader: layers, functions, optimizers."""

from __future__ import annotations

from dataclasses import replace

from pytest_modelcompat.diagnosis.context import DiagnosisContext, registered_module
from pytest_modelcompat.diagnosis.declarations import (
    LEAVE_H5,
    OR_LEAVE_H5,
    OR_UNCOMPILED,
    UNCOMPILED,
    custom_object,
    imports,
)
from pytest_modelcompat.diagnosis.known_failure import (
    H5,
    KERAS,
    KnownFailure,
    TemplateValues,
    both,
    is_operation,
    object_is_declared,
    saved_by_keras,
)
from pytest_modelcompat.profiles.known_names import is_keras_name
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind

_ROLES = (
    r"(?:activation|loss|metric)(?: function)?|optimizer|initializer|regularizer|constraint|object|decay|quantizer|"
    r"entries in loss dictionary"
)
_DECLARE = (
    custom_object(),
    "or decorate it with $decorator and declare",
    imports("your_module"),
)
_STRING_METRICS_FIX = (
    "$recompiled",
    OR_LEAVE_H5,
    OR_UNCOMPILED,
)


# What `explain` finds too, in a text that does not say who saved the file.
OPERATION_IN_H5 = KnownFailure(
    r"Unknown layer: '?(?P<name>\w+)",
    Kind.FORMAT_CANNOT_HOLD,
    "$name",
    "Keras 3 writes the operation $name (of keras.ops, a slice, or a mask) into .h5 as if it were a layer, and "
    "cannot read it back",
    (LEAVE_H5, "or wrap the operation into a layer of your own"),
    MEASURED,
    formats=H5,
    when=is_operation,
    blame=Blame.WRITER,
)
FUNCTION_IN_H5 = KnownFailure(
    r"'function' object has no attribute 'replace'|Unknown activation function: 'function'",
    Kind.FORMAT_CANNOT_HOLD,
    "function",
    "Keras 2.13 and newer write a custom activation function into .h5 in a way that no Keras reads back, declared "
    "or not",
    (LEAVE_H5, "or make the activation a layer of its own"),
    MEASURED,
    formats=H5,
    blame=Blame.WRITER,
)


def _registered(words: TemplateValues, context: DiagnosisContext) -> bool:
    return ">" in words["name"] or registered_module(words["name"], context.inventory) is not None


def _is_loss_of_keras(words: TemplateValues, _: DiagnosisContext) -> bool:
    """Holds where the function that is missing is a loss or metric of Keras' own, or is not named."""
    return not words["function"] or any(is_keras_name(role, words["function"]) for role in ("loss", "metric"))


NAME_FAILURES = (
    KnownFailure(
        r"Could not locate function '(?P<function>\w+)'|"
        r"Could not deserialize 'keras\.(?:metrics|losses)\.(?P<other>\w+)' because it is not a KerasSaveable",
        Kind.FORMAT_CANNOT_HOLD,
        "compile()",
        '`.h5` stores metrics and losses given as strings ("mse") in a way this Keras cannot read back',
        _STRING_METRICS_FIX,
        "keras#19330",
        formats=H5,
        when=_is_loss_of_keras,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"string indices must be integers",
        Kind.UNKNOWN_OBJECT,
        "$compiled",
        "the loss or metrics in compile() are functions that Keras does not know and that the test does not declare "
        "($compiled)",
        (custom_object("$compiled_example"), "or compile with Keras' own losses and metrics"),
        formats=H5,
        exceptions=("TypeError",),
    ),
    KnownFailure(
        r"Unknown layer: '?(?P<name>TFOpLambda|SlicingOpLambda|TensorFlowOpLayer|ClassMethod|InstanceMethod|"
        r"InstanceProperty)\b",
        Kind.UNKNOWN_LAYER,
        "$name",
        "Keras 2 wraps every TensorFlow function applied in a functional model into a layer called $name, "
        "which Keras 3 does not have",
        (
            "rebuild the model with keras.ops or a layer of your own in its place, and save it again",
            "or load the file with Keras 2: install tf_keras and set TF_USE_LEGACY_KERAS=1",
        ),
        MEASURED,
        blame=Blame.LOADER,
    ),
    replace(OPERATION_IN_H5, when=both(saved_by_keras(3), is_operation)),
    KnownFailure(
        r"Unknown layer: '?(?P<name>Functional)\b",
        Kind.UNKNOWN_LAYER,
        "$name",
        "the file was saved by TensorFlow 2.3 or newer, where functional models are called Functional; the Keras "
        "that loads it is older, or is the `keras` package although `tf.keras` saved the file",
        ("load it with TensorFlow 2.3 or newer, through tf.keras",),
        "tensorflow#41929",
        blame=Blame.LOADER,
    ),
    KnownFailure(
        r"Unknown layer: '?(?P<name>Addons>\w+)",
        Kind.UNKNOWN_LAYER,
        "$name",
        "the layer is part of TensorFlow Addons, which the loader has not imported",
        (
            imports("tensorflow_addons"),
            "TensorFlow Addons has ended and works with Keras 2 only; for Keras 3 declare a replacement of your own:",
            custom_object(),
        ),
        MEASURED,
    ),
    KnownFailure(
        r"Unknown optimizer: '?(?P<name>Custom>\w+)",
        Kind.UNKNOWN_OBJECT,
        "$name",
        "the file was saved by Keras 2.11 or newer, whose optimizers are called Custom>…; this older Keras has none "
        "of that name",
        (UNCOMPILED, "or load it with TensorFlow 2.11 or newer"),
        "mlflow#1201",
        blame=Blame.LOADER,
    ),
    KnownFailure(
        r"Could not locate class 'Policy'",
        Kind.LOAD_FAILED,
        "Policy",
        "the model was saved by Keras 2 with a dtype policy (mixed precision), which Keras 3 stores differently and "
        "cannot read from this file",
        ("load it with Keras 2: install tf_keras and set TF_USE_LEGACY_KERAS=1", "or save it as SavedModel"),
        "Keras_insightface#132",
        when=saved_by_keras(2),
        blame=Blame.LOADER,
        exact_kind=Kind.UNKNOWN_OBJECT,
    ),
    KnownFailure(
        r"Could not locate class '(?P<name>\w+)'.*'module': 'tf_keras\b|"
        r"Could not locate class '(?P<model>Functional|Sequential)'",
        Kind.LOAD_FAILED,
        "$file",
        "it was saved by Keras 2 (tf_keras), whose classes Keras 3 refuses to look up",
        ("load it with tf_keras: install tf_keras and set TF_USE_LEGACY_KERAS=1", "or save it again with Keras 3"),
        "keras#21412, keras#21429",
        formats=KERAS,
        blame=Blame.LOADER,
        exact_kind=Kind.MODULE_MOVED,
    ),
    KnownFailure(
        r"Could not (?:deserialize|locate) class '(?P<name>\w+)' because its parent module "
        r"(?P<module>(?:tf_)?keras[\w.]*) cannot be imported",
        Kind.LOAD_FAILED,
        "$file",
        "it names the class $name by the private module $module of the Keras that saved it, which $loaded does not "
        "have: a .keras file loads in the same major version of Keras only",
        (
            "load it with $saved (for Keras 2: install tf_keras and set TF_USE_LEGACY_KERAS=1)",
            "or build the model in code with this Keras, load the weights, and save it again",
        ),
        "keras#19089, tensorflow#70866",
        blame=Blame.LOADER,
        exact_kind=Kind.MODULE_MOVED,
    ),
    KnownFailure(
        r"because its parent module (?P<module>[\w.]+) cannot be imported",
        Kind.UNKNOWN_OBJECT,
        "$name",
        "the artifact names it by its module $module, which the loader cannot import",
        (imports("$module"), "or make the module importable there: install its package"),
    ),
    FUNCTION_IN_H5,
    KnownFailure(
        rf"(?:Unknown (?:layer|{_ROLES}): '?|Could not locate (?:class|function) ')(?P<name>[\w.]+>\w+|\w+)",
        Kind.UNKNOWN_OBJECT,
        "$name",
        "the test declares it, and $loaded does not look at what is declared where the file has it, as inside "
        "Bidirectional(RNN(...)) of an .h5 file",
        (
            'write below it, in its module: $keras.utils.get_custom_objects()["$name"] = $bare',
            imports("$declared_home", lead="and import that module before loading: "),
            OR_LEAVE_H5,
        ),
        MEASURED,
        when=object_is_declared,
    ),
    KnownFailure(
        rf"(?:Unknown (?:layer|{_ROLES}): '?|Could not locate (?:class|function) ')(?P<name>[\w.]+>\w+|\w+)",
        Kind.UNKNOWN_OBJECT,
        "$name",
        "a decorator registers it in a module ($home) that the loader has not imported",
        (imports("$home"), custom_object(lead="or ")),
        when=_registered,
    ),
    KnownFailure(
        r"Unknown layer: '?(?P<name>\w+)",
        Kind.UNKNOWN_LAYER,
        "$name",
        "Keras has no layer or model of this name, and $undeclared",
        _DECLARE,
    ),
    KnownFailure(
        rf"(?:Unknown (?:{_ROLES}): '?|Could not locate (?:class|function) '|"
        r"Could not interpret [a-z ]+ identifier: '?)(?P<name>\w+)",
        Kind.UNKNOWN_OBJECT,
        "$name",
        "Keras has no $role of this name, and $undeclared",
        _DECLARE,
    ),
    KnownFailure(
        r"^'str' object is not callable",
        Kind.UNKNOWN_OBJECT,
        "$own",
        "the file holds a class that the loader does not know ($own); Keras 2 gives no other details",
        (custom_object("$own_example"),),
        MEASURED,
        formats=KERAS,
        exceptions=("TypeError",),
    ),
)
