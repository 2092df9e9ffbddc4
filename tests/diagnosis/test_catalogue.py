"""The exact texts of failures that users met, each told as what it is."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, ObjectUse
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.diagnosis.catalogue import CATALOGUE
from pytest_modelcompat.diagnosis.known_failure import KnownFailure, RaisedException, template_values
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit
from tests.diagnosis.known_texts import DECORATED, EXISTING, K3, KERAS_2_TO_3, TEXTS, wrapped


def tell(
    message: str,
    *,
    exception: str = "ValueError",
    format_: str = "h5",
    stage: str = "load",
    saved: str = K3,
    loaded: str = K3,
    declared_in: OptionPlace = OptionPlace.MARKER,
    **inventory: Any,
) -> Finding:
    contents = Inventory(inventory.pop("path", EXISTING), format_, {"keras": saved} if saved else {}, **inventory)
    versions = {"keras": loaded, "tensorflow": "2.21.0", "python": "3.11.7"}
    error = {"type": exception, "message": message, "traceback": f"Traceback …\n{exception}: {message}"}
    failed = LoadResult(ProcessExit(0), stage=stage, error=error)
    return diagnose(
        failed, DiagnosisContext("model." + format_, format_, contents, versions, 60.0, OptionSyntax(declared_in))
    )


@pytest.mark.parametrize(("message", "case", "kind", "says"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_known_text(message: str, case: dict[str, Any], kind: Kind, says: str) -> None:
    finding = tell(message, **case)
    assert finding.kind is kind, finding
    assert re.search(says, finding.cause), finding.cause
    assert finding.subject
    assert "$" not in "".join((finding.cause, finding.subject, *finding.fix))
    assert "config=" not in finding.quote
    assert "\x1b" not in finding.quote
    assert len(finding.quote) <= 300


def test_where_and_fix_of_an_unknown_layer() -> None:
    layers = (
        LayerUse("Dense", ("dense",), position=1, siblings=5),
        LayerUse("Scale", ("scale_1",), position=3, siblings=5, config={"trainable": True}),
        LayerUse("Scale", ("tower", "scale_2"), position=1, siblings=2, config={"trainable": True}),
    )
    finding = tell("Unknown layer: 'Scale'. Please ensure …", layers=layers)
    assert finding.subject == "Scale"
    assert finding.where == ('"scale_1", third of 5 layers', '"scale_2" inside "tower"')
    assert finding.fix[0] == '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'


def test_fix_of_a_registered_class_names_its_module() -> None:
    layers = (LayerUse("Scale", ("scale",), module="shop.layers", registered_name="shop>Scale"),)
    finding = tell(f"Could not locate class 'Scale'. {DECORATED}", format_="keras", layers=layers)
    assert finding.kind is Kind.UNKNOWN_LAYER
    assert finding.fix[0] == '@pytest.mark.model_roundtrip(imports=["shop.layers"])'


@pytest.mark.parametrize(
    ("declared_in", "fix"),
    [
        (OptionPlace.MARKER, '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'),
        (OptionPlace.ARTIFACT_MARKER, '@pytest.mark.model_artifact(..., custom_objects={"Scale": Scale})'),
        (OptionPlace.CALL, 'model_roundtrip(..., custom_objects={"Scale": Scale})'),
        (OptionPlace.COMMAND_LINE, "--modelcompat-custom-object your_module:Scale"),
    ],
)
def test_fix_is_written_where_the_case_is(declared_in: OptionPlace, fix: str) -> None:
    assert tell("Unknown layer: 'Scale'", declared_in=declared_in).fix[0] == fix


@pytest.mark.parametrize("place", OptionPlace)
@pytest.mark.parametrize(
    "message",
    [
        "Could not deserialize 'keras.metrics.mse' because it is not a KerasSaveable subclass",
        "Unknown optimizer: Custom>Adam. Please ensure this object is passed to the `custom_objects` argument.",
        "weight_decay is not a valid argument, kwargs should be empty for `optimizer_experimental.Optimizer`.",
    ],
    ids=["names-of-losses", "newer-optimizer", "weight-decay"],
)
def test_loading_without_the_compile_configuration_is_an_option_in_each_place(message: str, place: OptionPlace) -> None:
    lines = tell(message, declared_in=place).fix
    option = OptionSyntax(place).write("compile_model", value=False)
    assert [line for line in lines if line.endswith(f"if you only predict with it: {option}")]
    assert not [line for line in lines if "load_model(" in line]


def test_leaving_h5_is_no_option_for_an_artifact() -> None:
    assert (
        tell("Unknown layer: 'NotEqual'", declared_in=OptionPlace.ARTIFACT_MARKER)
        .fix[0]
        .startswith("save the model again")
    )


def test_mse_fix_and_blame() -> None:
    finding = tell("Could not deserialize 'keras.metrics.mse' because it is not a KerasSaveable subclass")
    assert finding.blame is Blame.WRITER
    assert finding.fix[0] == (
        "compile(loss=keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanSquaredError()])"
    )
    assert 'formats=["keras", "saved_model"]' in finding.fix[1]
    assert finding.details == (("see", "https://github.com/keras-team/keras/issues/19330"),)


@pytest.mark.parametrize(
    ("compiled", "fix"),
    [
        ([("loss", "mse")], "compile(loss=keras.losses.MeanSquaredError())"),
        ([("metric", "mae")], "compile(metrics=[keras.metrics.MeanAbsoluteError()])"),
        (
            [("optimizer", "SGD"), ("loss", "kld"), ("metric", "mse"), ("metric", "accuracy")],
            "compile(loss=keras.losses.KLDivergence(), metrics=[keras.metrics.MeanSquaredError()])",
        ),
        ([("loss", "bce"), ("metric", "acc")], "compile(loss=keras.losses.BinaryCrossentropy())"),
        (
            [("loss", "mse"), ("loss", "mae")],
            "compile(loss=[keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()])",
        ),
    ],
)
def test_short_names_fix_replaces_what_was_compiled(compiled: list[tuple[str, str]], fix: str) -> None:
    objects = tuple(ObjectUse(role, name, ("compile",)) for role, name in compiled)
    message = "Could not deserialize 'keras.metrics.mse' because it is not a KerasSaveable subclass"
    assert tell(message, objects=objects).fix[0] == fix


@pytest.mark.parametrize(
    ("name", "argument", "issue"),
    [("DepthwiseConv2D", "groups", "19151"), ("LSTM", "time_major", "20750"), ("Dense", "batch_input_shape", None)],
)
def test_a_removed_argument_links_the_thread_about_it_only(name: str, argument: str, issue: str | None) -> None:
    finding = tell(f"Unrecognized keyword arguments passed to {name}: {{'{argument}': 1}}", **KERAS_2_TO_3)
    assert f"whose {name} has an argument '{argument}' that Keras 3 has removed" in finding.cause
    links = (("see", f"https://github.com/keras-team/keras/issues/{issue}"),) if issue else ()
    assert finding.details == links


@pytest.mark.parametrize(
    ("declared_in", "fix"),
    [
        (OptionPlace.MARKER, '@pytest.mark.model_roundtrip(formats=["h5", "keras"])'),
        (OptionPlace.COMMAND_LINE, "--modelcompat-format h5 --modelcompat-format keras"),
        (OptionPlace.ARTIFACT_MARKER, "give dense inputs, or save the model again, as .h5 or .keras"),
    ],
)
def test_a_signature_that_lost_the_raggedness_is_a_matter_of_format(declared_in: OptionPlace, fix: str) -> None:
    message = "signature 's' takes its input 'x' as a dense tensor, and the model takes a ragged one: the SavedModel"
    about = {"exception": "SignatureMismatchError", "stage": "predict", "format_": "saved_model"}
    finding = tell(message, declared_in=declared_in, **about)
    assert (finding.kind, finding.cause, finding.fix) == (Kind.FORMAT_CANNOT_HOLD, message, (fix,))
    assert finding.blame is Blame.WRITER


def test_bfloat16_in_h5() -> None:
    finding = tell("No cast function available.")
    assert finding.kind is Kind.FORMAT_CANNOT_HOLD
    assert "HDF5 has no bfloat16" in finding.cause
    assert finding.fix == ('@pytest.mark.model_roundtrip(formats=["keras", "saved_model"])',)


def test_unrecognised_error_is_quoted_and_located() -> None:
    layers = (LayerUse("Dense", ("dense_7",), position=2, siblings=3),)
    message = (
        "Error when deserializing class 'Dense' using config={'name': 'dense_7', 'units': 1}.\n\n"
        "Exception encountered: nobody has seen this"
    )
    finding = tell(message, exception="TypeError", layers=layers)
    assert finding.kind is Kind.LOAD_FAILED
    assert finding.cause == "Keras could not load the file: TypeError: nobody has seen this"
    assert finding.where == ('"dense_7", second of 3 layers',)
    assert finding.details == (("rebuilding", 'Dense "dense_7"'),)
    assert finding.fix == ()
    assert finding.log.startswith("Traceback")


def test_silent_exception_is_reported_by_its_class() -> None:
    finding = tell("", exception="AssertionError")
    assert finding.cause == "Keras could not load the file: AssertionError (no message)"


def test_signature_mismatch_stays_as_it_is() -> None:
    message = "signature 'serving_default' takes x: float32 (None, 4), and the inputs given are input"
    finding = tell(message, exception="SignatureMismatchError", stage="predict", format_="saved_model")
    assert (finding.kind, finding.cause) == (Kind.PREDICTION_FAILED, message)


def test_failed_import_names_what_was_declared() -> None:
    error = {"type": "ModuleNotFoundError", "message": "No module named 'lost'", "traceback": "", "declared": "shop"}
    context = DiagnosisContext("m.h5", "h5", Inventory(Path("m.h5"), "h5"), {}, 60.0)
    finding = diagnose(LoadResult(ProcessExit(0), stage="declare", error=error), context)
    assert (finding.kind, finding.subject) == (Kind.IMPORT_FAILED, "shop")
    assert "No module named 'lost'" in finding.cause
    assert "importable" in finding.fix[0]


def test_a_file_that_is_gone_is_said_to_be_gone() -> None:
    finding = tell("File not found: filepath=m.keras. …", format_="keras", path=Path("nowhere.keras"))
    assert "gone when the loader opened it" in finding.cause


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: f"{entry.kind.name}: {entry.pattern[:30]}")
def test_entry_uses_only_words_there_are(entry: KnownFailure) -> None:
    context = DiagnosisContext("m.h5", "h5", Inventory(EXISTING, "h5"), {}, 60.0)
    match = re.search("", "")
    assert match is not None
    words = {*template_values(match, RaisedException("E", "", "", ""), context), *re.compile(entry.pattern).groupindex}
    lines = [line if isinstance(line, str) else line.option + line.lead for line in entry.fix]
    used = {name for text in (entry.subject, entry.cause, *lines) for name in re.findall(r"\$(\w+)", text)}
    assert used <= words


def test_a_very_long_message_is_reported_quickly() -> None:
    started = time.perf_counter()
    finding = tell(wrapped("nobody has seen this") * 20)
    assert finding.quote == "nobody has seen this"
    tell("word " * 33_000)
    tell("x" * 165_000)
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize(("message", "options"), [row[1:3] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_of_one_version_no_text_says_that_it_can_what_it_cannot(message: str, options: dict[str, Any]) -> None:
    finding = tell(message, **{**options, "saved": K3, "loaded": K3})
    assert finding.cause.count(f"Keras {K3}") <= 1
    assert not any(f"Keras {K3}" in line for line in finding.fix)
