"""Models that load, and fail at the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.declarations import LEAVE_H5
from pytest_modelcompat.diagnosis.known_failure import H5, SAVED_MODEL, Condition, KnownFailure, TemplateValues
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind
from pytest_modelcompat.results.option_syntax import OptionFix

if TYPE_CHECKING:
    from pytest_modelcompat.diagnosis.context import DiagnosisContext

_PREDICT = ("predict",)
_OTHER_INPUTS = (OptionFix("inputs", "..."),)


def _is_given_in_code(words: TemplateValues, _: DiagnosisContext) -> bool:
    return bool(words["given_in_code"])


def _vocabulary_lost(*fix: str, when: Condition | None = None) -> KnownFailure:
    return KnownFailure(
        r"Table (?:is )?not initialized",
        Kind.PREDICTION_FAILED,
        "vocabulary",
        "the vocabulary of $lookups is lost: .h5 does not store it, so the model loads and knows no term",
        (LEAVE_H5, *fix),
        "tensorflow#61369, keras#18376",
        stages=("load", "predict"),
        formats=H5,
        when=when,
        blame=Blame.WRITER,
        exact_kind=Kind.VOCABULARY_LOST,
    )


PREDICTION_FAILURES = (
    KnownFailure(
        r"as a dense tensor, and the model takes a ragged one",
        Kind.FORMAT_CANNOT_HOLD,
        "signature",
        "$quote",
        (
            OptionFix(
                "formats",
                ["h5", "keras"],
                for_artifact="give dense inputs, or save the model again, as .h5 or .keras",
            ),
        ),
        MEASURED,
        stages=_PREDICT,
        formats=SAVED_MODEL,
        exceptions=("SignatureMismatchError",),
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"",
        Kind.PREDICTION_FAILED,
        "inputs",
        "$quote",
        _OTHER_INPUTS,
        stages=_PREDICT,
        exceptions=("SignatureMismatchError",),
    ),
    _vocabulary_lost("$given_in_code", when=_is_given_in_code),
    _vocabulary_lost(),
    KnownFailure(
        r"Table (?:is )?not initialized",
        Kind.PREDICTION_FAILED,
        "vocabulary",
        "$calling looks terms up in a table that is empty after loading: a lookup layer or table that is no attribute "
        "of a saved layer is not saved with it",
        ("make the lookup layer or table an attribute of the layer that calls it: self.lookup = ... in its __init__",),
        "tensorflow#56054",
        stages=("load", "predict"),
        blame=Blame.WRITER,
        exact_kind=Kind.VOCABULARY_LOST,
    ),
    KnownFailure(
        r"Input \d+ (?:with name '[^']*' )?of layer \"?'?(?P<name>[\w/]+)'?\"? is incompatible with the layer: "
        r"(?P<why>.*)",
        Kind.PREDICTION_FAILED,
        "inputs",
        'the inputs do not fit the model: layer "$name" $why',
        _OTHER_INPUTS,
        stages=_PREDICT,
    ),
    KnownFailure(
        r"Invalid input shape for input|expects (?P<wanted>\d+) input\(s\), but it received (?P<got>\d+)|"
        r"Missing data for input|The structure of `?inputs`? doesn't match",
        Kind.PREDICTION_FAILED,
        "inputs",
        "the inputs do not fit the model: $quote",
        _OTHER_INPUTS,
        stages=_PREDICT,
    ),
)
