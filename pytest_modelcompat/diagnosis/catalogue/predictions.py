"""Models that load, and fail at the first call."""

from __future__ import annotations

from pytest_modelcompat.diagnosis.declarations import LEAVE_H5
from pytest_modelcompat.diagnosis.known_failure import H5, SAVED_MODEL, KnownFailure
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind
from pytest_modelcompat.results.option_syntax import OptionFix

_PREDICT = ("predict",)
_OTHER_INPUTS = (OptionFix("inputs", "..."),)

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
    KnownFailure(
        r"Table (?:is )?not initialized",
        Kind.PREDICTION_FAILED,
        "vocabulary",
        "the vocabulary of $lookups is lost: .h5 does not store it, so the model loads and knows no word",
        (LEAVE_H5, "or give the layer its vocabulary in code: TextVectorization(vocabulary=[...])"),
        "tensorflow#61369, keras#18376",
        stages=("load", "predict"),
        formats=H5,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Table (?:is )?not initialized",
        Kind.PREDICTION_FAILED,
        "vocabulary",
        "a lookup table of the model is empty after loading: its vocabulary was not saved with the model",
        (
            "keep the lookup layer or table as an attribute of the model that is saved, so that its vocabulary is",
            "saved among the assets",
        ),
        "tensorflow#56054",
        stages=("load", "predict"),
        blame=Blame.WRITER,
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
