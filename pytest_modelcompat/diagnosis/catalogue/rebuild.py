"""Classes that cannot be made again from the configuration they saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.known_failure import (
    MISSING_ARGUMENT,
    UNEXPECTED_ARGUMENT,
    KnownFailure,
    TemplateValues,
    is_from_keras,
)
from pytest_modelcompat.results.finding import Blame, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.diagnosis.context import DiagnosisContext

_BASE_ARGUMENTS = ("trainable", "name", "dtype", "autocast", "activity_regularizer")


def _of_base_class(words: TemplateValues, context: DiagnosisContext) -> bool:
    return words["argument"] in _BASE_ARGUMENTS and not is_from_keras(words, context)


def _theirs(words: TemplateValues, context: DiagnosisContext) -> bool:
    return not is_from_keras(words, context)


CUSTOM_CLASS_FAILURES = (
    KnownFailure(
        MISSING_ARGUMENT,
        Kind.CANNOT_REBUILD,
        "$name",
        "$name.__init__() requires the argument '$argument', and the saved configuration does not have it: its "
        "get_config() does not return it",
        (
            "def get_config(self):",
            '    return {**super().get_config(), "$argument": self.$argument}',
        ),
        when=_theirs,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        UNEXPECTED_ARGUMENT,
        Kind.CANNOT_REBUILD,
        "$name",
        "Keras saves '$argument' for every layer, and $name.__init__() does not accept it",
        ("def __init__(self, ..., **kwargs):", "    super().__init__(**kwargs)"),
        when=_of_base_class,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        UNEXPECTED_ARGUMENT,
        Kind.CANNOT_REBUILD,
        "$name",
        "its saved configuration holds '$argument', which $name.__init__() does not take",
        ("take '$argument' in $name.__init__(), or leave it out of what get_config() returns",),
        when=_theirs,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"from_config\(\) (?:missing|got|takes)",
        Kind.CANNOT_REBUILD,
        "$name",
        "its from_config() does not take what Keras calls it with: $quote",
        ("@classmethod", "def from_config(cls, config, custom_objects=None):"),
        when=_theirs,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"[Uu]nable to [Ss]erialize .* to JSON\. Unrecognized type <class '(?P<type>[^']+)'>",
        Kind.SAVE_FAILED,
        "$file",
        "a layer's configuration holds a value of $type, which cannot be written as JSON; Keras 2.10 to 2.12 do so "
        "themselves in EfficientNet",
        (
            "return plain numbers from get_config(), as in float(self.factor)",
            "for EfficientNet: save with TensorFlow 2.13 or newer",
        ),
        "keras#17199",
        stages=(),
        blame=Blame.WRITER,
    ),
)
