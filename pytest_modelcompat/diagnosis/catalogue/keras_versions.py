"""Keras' own layers written by one version of Keras in a way another cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.declarations import UNCOMPILED
from pytest_modelcompat.diagnosis.known_failure import (
    H5,
    UNEXPECTED_ARGUMENT,
    KnownFailure,
    TemplateValues,
    both,
    is_from_keras,
    loaded_by_keras,
    saved_by_keras,
)
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.diagnosis.context import DiagnosisContext

_LOAD_WITH_KERAS_2 = "load it with Keras 2: install tf_keras and set TF_USE_LEGACY_KERAS=1"
_SAVE_AS_SAVED_MODEL = "or save it with $saved as SavedModel, which every TensorFlow 2 reads"
_FROM_KERAS_2 = (_LOAD_WITH_KERAS_2, _SAVE_AS_SAVED_MODEL)
_NEWER_READER = ("load it with Keras $saved_version or newer", "or save it with the older of the two versions")


_SINCE_KERAS_3 = (
    "quantization_config",
    "input_axes",
    "output_axes",
    "use_gate",
    "sliding_window",
)


def _known_to_newer_only(words: TemplateValues, context: DiagnosisContext) -> bool:
    return words["argument"] in _SINCE_KERAS_3 and is_from_keras(words, context)


def _removed_in_keras_3(argument: str, source: str) -> KnownFailure:
    return KnownFailure(
        UNEXPECTED_ARGUMENT.replace(r"(?P<argument>\w+)", f"(?P<argument>{argument})"),
        Kind.LOAD_FAILED,
        "$name",
        "it was saved by $saved, whose $name has an argument '$argument' that Keras 3 has removed",
        _FROM_KERAS_2,
        source,
        when=both(is_from_keras, both(saved_by_keras(2), loaded_by_keras(3))),
        blame=Blame.LOADER,
        exact_kind=Kind.UNKNOWN_ARGUMENT,
    )


KERAS_VERSION_FAILURES = (
    KnownFailure(
        r"Unrecognized keyword arguments(?: passed to InputLayer)?: [\[{](?:'optional'|'batch_shape')",
        Kind.LOAD_FAILED,
        "InputLayer",
        "it was saved by Keras 3, whose InputLayer has arguments that Keras 2 does not know (batch_shape)",
        (
            "load it with Keras 3 (TensorFlow 2.16 or newer, without TF_USE_LEGACY_KERAS)",
            "or save it as SavedModel",
        ),
        "tensorflow#64685",
        blame=Blame.LOADER,
        exact_kind=Kind.UNKNOWN_ARGUMENT,
    ),
    KnownFailure(
        UNEXPECTED_ARGUMENT,
        Kind.LOAD_FAILED,
        "$name",
        "$saved writes '$argument' for every $name, and $loaded, which is older, does not know it",
        _NEWER_READER,
        MEASURED,
        when=_known_to_newer_only,
        blame=Blame.LOADER,
        exact_kind=Kind.UNKNOWN_ARGUMENT,
    ),
    KnownFailure(
        r"weight_decay is not a valid argument, kwargs should be empty",
        Kind.LOAD_FAILED,
        "optimizer",
        "the optimizer was saved by Keras 2.11 or newer with a weight_decay, which this older optimizer does not know",
        (UNCOMPILED, "or load it with TensorFlow 2.13 or newer"),
        "mlflow#1201",
        blame=Blame.LOADER,
        exact_kind=Kind.OPTIMIZER_NOT_READ,
    ),
    _removed_in_keras_3("groups", "keras#19151"),
    _removed_in_keras_3("time_major", "keras#20750"),
    _removed_in_keras_3(r"\w+", MEASURED),
    KnownFailure(
        UNEXPECTED_ARGUMENT,
        Kind.LOAD_FAILED,
        "$name",
        "it was saved by $saved, whose $name has an argument '$argument' that $loaded does not know",
        ("load it with Keras $saved_version",),
        MEASURED,
        when=is_from_keras,
        blame=Blame.LOADER,
        exact_kind=Kind.UNKNOWN_ARGUMENT,
    ),
    KnownFailure(
        r"Could not interpret initializer identifier: \{.*'(?P<name>Orthogonal|GlorotUniform|Zeros|\w+)'",
        Kind.LOAD_FAILED,
        "$outer",
        "it was saved by $saved, which describes a layer's initializers in a way that $loaded cannot read; the file "
        "has an argument that Keras 3 has removed (time_major of LSTM and GRU) or a configuration of Keras 2",
        _FROM_KERAS_2,
        "keras#20750",
        blame=Blame.LOADER,
        exact_kind=Kind.CONFIG_CHANGED,
    ),
    KnownFailure(
        r"MultiHeadAttention\.build\(\) missing 1 required positional argument: '(?P<argument>\w+)'",
        Kind.LOAD_FAILED,
        "MultiHeadAttention",
        "it was saved by $saved, whose MultiHeadAttention records other shapes than Keras 3 needs ('$argument')",
        (_LOAD_WITH_KERAS_2, "or build the model in code with Keras 3, load the weights, and save it again"),
        MEASURED,
        blame=Blame.LOADER,
        exact_kind=Kind.CONFIG_CHANGED,
    ),
    KnownFailure(
        r"'str' object has no attribute '(?P<attribute>quantization_mode|convert_input|compute_dtype|name)'",
        Kind.LOAD_FAILED,
        "dtype policy",
        "the model was saved by Keras 2 with a dtype policy (mixed precision), which Keras 3 stores differently and "
        "cannot read from this file",
        _FROM_KERAS_2,
        "Keras_insightface#132",
        blame=Blame.LOADER,
        exact_kind=Kind.UNKNOWN_OBJECT,
    ),
    KnownFailure(
        r"pop expected at most 1 argument, got 2",
        Kind.LOAD_FAILED,
        "$file",
        "it was saved by $saved, which stored a Sequential model as a plain list of layers; Keras 3 cannot read that",
        ("load it with Keras 2 (install tf_keras and set TF_USE_LEGACY_KERAS=1), and save it again from there",),
        MEASURED,
        formats=H5,
        blame=Blame.LOADER,
        exact_kind=Kind.CONFIG_CHANGED,
    ),
    KnownFailure(
        r"unsupported operand type\(s\) for %: 'NoneType' and 'int'",
        Kind.LOAD_FAILED,
        "Conv1D",
        "it was saved by $saved with its input shape as batch_input_shape on a layer, which Keras 3 does not "
        "understand: a convolution ends up without its number of channels",
        _FROM_KERAS_2,
        MEASURED,
        when=saved_by_keras(2),
        blame=Blame.LOADER,
        exact_kind=Kind.CONFIG_CHANGED,
    ),
    KnownFailure(
        r"[Ll]ayer \"?'?(?P<name>\w+)'?\"? expects (?P<wanted>\d+) input\(s\), but it received (?P<got>\d+) input|"
        r"^'list' object has no attribute 'shape'",
        Kind.LOAD_FAILED,
        "$name",
        "the file has a functional model inside a Sequential one, or an output in a list: Keras before 3.11 "
        "writes one list more around the outputs than newer ones expect",
        (
            "load it with Keras $saved_version",
            "or build the model with keras.Model(inputs, outputs) instead of Sequential, and save it again",
        ),
        "tensorflow#63853",
        exact_kind=Kind.CONFIG_CHANGED,
    ),
    KnownFailure(
        r"get_tensor\(\) takes 3 positional arguments but (?P<got>\d+) were given",
        Kind.LOAD_FAILED,
        "$file",
        "it was saved by Keras 3.11 or newer, which writes a functional model's outputs in a way older ones cannot "
        "read",
        ("load it with Keras $saved_version or newer",),
        MEASURED,
        blame=Blame.LOADER,
        exact_kind=Kind.CONFIG_CHANGED,
    ),
)
