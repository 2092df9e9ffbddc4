"""Explaining: what is told of a failed load, from what was read, resolved, raised and recorded of the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.case import Case
from pytest_modelcompat.explaining import changes_known, context_of, explain
from pytest_modelcompat.findings import Finding, Kind, Severity, Stage
from pytest_modelcompat.golden import GoldenName
from pytest_modelcompat.runtimes.jobs import Ending, Loaded
from pytest_modelcompat.settings import Settings
from pytest_modelcompat.subjects import Subject
from pytest_modelcompat.targets import Target
from tests import handmade
from tests.profiles.judging.models import (
    K33,
    K213,
    K215,
    K311,
    connected,
    h5,
    hard,
    keras,
    op_layer,
    small,
    vectorization,
    with_own_layer,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.profiles.judging.models import Build

# What loaders told of themselves.
VERSIONS = {
    "tf2.4": {"tensorflow": "2.4.4", "keras": "2.4.0", "python": "3.8.18"},
    "tf2.13": {"tensorflow": "2.13.1", "keras": "2.13.1", "python": "3.11.7"},
    "tf2.16": {"tensorflow": "2.16.2", "keras": "3.3.3", "python": "3.11.7"},
    "local": {"tensorflow": "2.21.0", "keras": "3.15.0", "python": "3.11.7"},
}
ODD = "something odd"
BROKEN = "Unable to open file (truncated file: eof = 10, sblock->base_addr = 0, stored_eof = 99)"
BATCH_SHAPE = "Unrecognized keyword arguments: ['batch_shape']"
INPUT_LAYER = (Kind.UNKNOWN_ARGUMENT, "InputLayer(batch_shape=…)")
POLICY = (Kind.MODULE_MOVED, "DTypePolicy")
SCALE = (Kind.UNKNOWN_LAYER, "Scale")


class Load:
    """A failed load of an artifact in a runtime, made by hand."""

    def __init__(self, artifact: Path, runtime: str, said: str = ODD, stage: str = "load", **more: Any) -> None:
        self.inventory = read_inventory(artifact)
        format_ = self.inventory.format
        self.case = Case(f"test_ranker[{format_}]", Target(format_, runtime), Settings(), GoldenName(("tests",), "x"))
        self.subject = Subject(artifact, format_, "keras", None, homes={"Scale": "shop.layers.Scale"})
        names, layers = more.pop("unknown", ()), enumerate(self.inventory.layers)
        unknown = tuple(index for index, layer in layers if layer.class_name in names)
        answer = {"versions": VERSIONS.get(runtime), "unknown_objects": unknown, "error": raised(said), **more}
        self.loaded = Loaded(answer.pop("ending", Ending(0)), stage=stage, **answer)

    def explained(self) -> tuple[Finding, ...]:
        return explain(self.case, self.subject, self.inventory, self.loaded)

    def changed(self) -> tuple[Finding, ...]:
        return changes_known(self.case, self.inventory, self.loaded)


def raised(message: str, kind: str = "ValueError") -> dict[str, str]:
    return {"type": kind, "message": message, "traceback": f"Traceback of {kind}"}


def named(findings: tuple[Finding, ...]) -> list[tuple[Kind, str]]:
    return [(finding.kind, finding.subject) for finding in findings]


class TestRecorded:
    @pytest.mark.parametrize(
        ("build", "runtime", "said", "told", "fix"),
        [
            (
                h5(K33, small(K33)),
                "tf2.4",
                "('Keyword argument not understood:', 'batch_shape')",
                INPUT_LAYER,
                "load it with Keras 3.3.0 or newer (TensorFlow 2.16 or newer)",
            ),
            (
                h5(K33, small(K33)),
                "tf2.13",
                BATCH_SHAPE,
                INPUT_LAYER,
                "load it with Keras 3.3.0 or newer (TensorFlow 2.16 or newer)",
            ),
            (
                keras(K215, connected(K215)),
                "tf2.16",
                "Could not locate class 'Functional'. Make sure custom classes are decorated",
                (Kind.MODULE_MOVED, "Functional"),
                "load it with Keras 2 there: pip install tf_keras, and set TF_USE_LEGACY_KERAS=1",
            ),
        ],
        ids=["tf2.4", "tf2.13", "tf2.16"],
    )
    def test_of_the_runtimes_versions_explains_what_its_keras_said(
        self, tmp_path: Path, build: Build, runtime: str, said: str, told: tuple[Kind, str], fix: str
    ) -> None:
        (finding,) = Load(build(tmp_path), runtime, said).explained()
        assert (finding.kind, finding.subject, finding.severity) == (*told, Severity.ERROR)
        assert (finding.stage, finding.fix[0]) == (Stage.CONFIG, fix)
        keras_there = ".".join(VERSIONS[runtime]["keras"].split(".")[:2])
        assert f"Keras {keras_there}" in finding.cause

    def test_explains_a_text_that_tells_nothing_and_quotes_it(self, tmp_path: Path) -> None:
        (finding,) = Load(h5(K33, small(K33))(tmp_path), "tf2.13", log="printed there").explained()
        assert (finding.kind, finding.subject) == INPUT_LAYER
        assert finding.where == ('"input_1", first of 2 layers',)
        assert finding.quote == ODD
        assert finding.log == "Traceback of ValueError\nprinted there"

    def test_nothing_leaves_the_diagnosis_of_the_exception(self, tmp_path: Path) -> None:
        (finding,) = Load(h5(K213, small(K213))(tmp_path), "tf2.13").explained()
        assert (finding.kind, finding.quote) == (Kind.LOAD_FAILED, ODD)

    def test_nothing_of_versions_that_nobody_recorded(self, tmp_path: Path) -> None:
        load = Load(h5(K33, small(K33))(tmp_path), "prod", versions={"tensorflow": "3.1.0", "keras": "4.0.0"})
        (finding,) = load.explained()
        assert finding.kind is Kind.LOAD_FAILED
        assert load.changed() == ()

    def test_under_a_name_of_the_projects_goes_by_the_versions(self, tmp_path: Path) -> None:
        load = Load(h5(K33, small(K33))(tmp_path), "prod", versions=VERSIONS["tf2.13"])
        assert named(load.explained()) == [INPUT_LAYER]

    def test_of_an_op_that_came_later(self, tmp_path: Path) -> None:
        path = handmade.write_saved_model(tmp_path / "model", {"DisableCopyOnRead": 1})
        said = "Op type not registered 'DisableCopyOnRead' in binary running on host."
        (finding,) = Load(path, "tf2.4", said, unknown_ops=("DisableCopyOnRead",)).explained()
        assert (finding.kind, finding.subject) == (Kind.UNKNOWN_OP, "DisableCopyOnRead")
        assert finding.fix[0] == "upgrade TensorFlow there to 2.10 or newer"

    def test_of_the_first_call_explains_a_call_and_no_load(self, tmp_path: Path) -> None:
        path = K311.h5(tmp_path / "model.h5", vectorization(None))
        lost = (Kind.VOCABULARY_LOST, "vocabulary")
        at_call = Load(path, "tf2.16", "Table not initialized.", "predict").explained()
        assert lost in named(at_call)
        assert {finding.stage for finding in at_call} <= {Stage.FIRST_CALL, None}
        assert lost not in named(Load(path, "tf2.16").explained())


class TestOrder:
    """Everything that is known is told at once; what Keras stumbled over is told first, with what it said."""

    @pytest.mark.parametrize(
        ("said", "first"),
        [
            (BATCH_SHAPE, INPUT_LAYER),
            ("Could not locate class 'Scale'.", SCALE),
            ("Could not locate class 'DTypePolicy'.", POLICY),
        ],
    )
    def test_what_keras_stumbled_over(self, said: str, first: tuple[Kind, str], tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        findings = Load(path, "tf2.13", said, unknown=("Scale",)).explained()
        assert named(findings)[0] == first
        assert sorted(named(findings)) == sorted([SCALE, INPUT_LAYER, POLICY])
        assert [finding.quote for finding in findings] == [said, "", ""]

    def test_a_name_is_not_met_inside_another(self, tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        findings = Load(path, "tf2.13", "no_batch_shape_at_all, DTypePolicyMap", unknown=("Scale",)).explained()
        assert named(findings)[0] == SCALE

    def test_what_the_user_can_declare_where_keras_said_nothing(self, tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        findings = Load(path, "tf2.13", unknown=("Scale",)).explained()
        assert named(findings)[0] == SCALE
        assert set(named(findings)[1:]) == {INPUT_LAYER, POLICY}
        assert findings[0].fix[0] == '@pytest.mark.model_roundtrip(custom_objects={"Scale": shop.layers.Scale})'
        assert findings[0].quote == ODD

    def test_an_op_of_the_users_before_one_that_came_later(self, tmp_path: Path) -> None:
        path = handmade.write_saved_model(tmp_path / "model", {"DisableCopyOnRead": 1, "FancyMul": 1})
        findings = Load(path, "tf2.4", unknown_ops=("DisableCopyOnRead", "FancyMul")).explained()
        assert named(findings) == [(Kind.UNKNOWN_OP, "FancyMul"), (Kind.UNKNOWN_OP, "DisableCopyOnRead")]

    def test_a_class_of_keras_is_not_the_users_to_declare(self, tmp_path: Path) -> None:
        layer = K311.layer("RMSNormalization", "normal", [(4,)], axis=-1, epsilon=1e-6)
        path = K311.keras(tmp_path / "model.keras", K311.sequential(K311.input(4), layer))
        findings = Load(path, "tf2.16", unknown=("RMSNormalization",)).explained()
        (finding,) = (each for each in findings if each.subject == "RMSNormalization")
        assert not [line for each in findings for line in each.fix if "custom_objects" in line]
        assert "3.3" in finding.cause

    def test_a_diagnosis_that_nothing_recorded_meets(self, tmp_path: Path) -> None:
        findings = Load(h5(K33, small(K33))(tmp_path), "tf2.13", BROKEN).explained()
        assert named(findings) == [(Kind.ARTIFACT_BROKEN, "model.h5"), INPUT_LAYER]
        assert [BROKEN.startswith(finding.quote) for finding in findings] == [True, True]
        assert findings[0].quote

    def test_what_is_recorded_before_a_diagnosis_that_only_says_it_did_not_load(self, tmp_path: Path) -> None:
        findings = Load(h5(K33, small(K33))(tmp_path), "tf2.13", "bad marshal data (unknown type code)").explained()
        assert named(findings) == [INPUT_LAYER]


class TestFormatNotRead:
    @pytest.mark.parametrize(
        "said",
        ["SavedModel file does not exist at: model.keras/{saved_model.pbtxt|saved_model.pb}", BROKEN, BATCH_SHAPE],
    )
    def test_beats_whatever_was_said(self, said: str, tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        (finding,) = Load(path, "tf2.4", said, unknown=("Scale",)).explained()
        assert (finding.kind, finding.subject, finding.stage) == (Kind.FORMAT_NOT_READ, "model.keras", Stage.OPEN)
        assert "which Keras 2.4 cannot open: Keras reads it from 2.12 on" in finding.cause
        assert finding.quote
        assert finding.quote in said


class TestHere:
    """In the runtime whose Keras wrote the artifact, what could not be resolved is what is wrong."""

    def test_what_could_not_be_resolved_is_told_with_the_quote(self, tmp_path: Path) -> None:
        said = "Could not locate class 'Scale'."
        path = keras(K311, with_own_layer(K311))(tmp_path)
        (finding,) = Load(path, "local", said, unknown=("Scale",), log="printed").explained()
        assert (finding.kind, finding.subject, finding.where) == (*SCALE, ('"scale", second of 2 layers',))
        assert (finding.quote, finding.log) == (said, "Traceback of ValueError\nprinted")

    def test_though_the_text_tells_nothing(self, tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        assert named(Load(path, "local", unknown=("Scale",)).explained()) == [SCALE]

    def test_nothing_recorded_is_told(self, tmp_path: Path) -> None:
        path = h5(K33, small(K33))(tmp_path)
        (finding,) = Load(path, "local", versions=VERSIONS["tf2.13"]).explained()
        assert (finding.kind, finding.subject) == (Kind.LOAD_FAILED, "model.h5")

    def test_a_specific_diagnosis_of_another_kind_comes_first(self, tmp_path: Path) -> None:
        path = h5(K311, with_own_layer(K311))(tmp_path)
        findings = Load(path, "local", BROKEN, unknown=("Scale",)).explained()
        assert named(findings) == [(Kind.ARTIFACT_BROKEN, "model.h5"), SCALE]

    def test_what_the_catalogue_knows_of_an_unknown_layer_is_told_at_its_places(self, tmp_path: Path) -> None:
        path = h5(K215, op_layer("TFOpLambda", "math.reduce_sum", axis=1))(tmp_path)
        said = "Unknown layer: 'TFOpLambda'. Please ensure you are using a `keras.utils.custom_object_scope`"
        (finding,) = Load(path, "local", said, unknown=("TFOpLambda",)).explained()
        assert (finding.kind, finding.subject) == (Kind.UNKNOWN_LAYER, "TFOpLambda")
        assert finding.where == ('"op", second of 3 layers',)
        assert not [line for line in finding.fix if "custom_objects" in line]

    def test_a_failed_call_is_not_explained_by_what_the_load_did_without(self, tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        (finding,) = Load(path, "local", stage="predict", unknown=("Scale",)).explained()
        assert (finding.kind, finding.quote) == (Kind.PREDICTION_FAILED, ODD)

    def test_a_failed_call_is_explained_by_a_python_function(self, tmp_path: Path) -> None:
        path = handmade.write_saved_model(tmp_path / "model", {"PyFunc": 1})
        (finding,) = Load(path, "local", stage="predict").explained()
        assert (finding.kind, finding.subject, finding.quote) == (Kind.PYTHON_FUNCTION, "PyFunc", ODD)


class TestEnded:
    @pytest.mark.parametrize("runtime", ["tf2.13", "local"])
    def test_a_crash_is_told_alone(self, runtime: str, tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        load = Load(path, runtime, unknown=("Scale",), ending=Ending(-11), error=None)
        assert [finding.kind for finding in load.explained()] == [Kind.LOADER_CRASHED]

    @pytest.mark.parametrize("runtime", ["tf2.13", "local"])
    def test_so_is_what_cannot_be_imported_before_loading(self, runtime: str, tmp_path: Path) -> None:
        path = keras(K311, with_own_layer(K311))(tmp_path)
        error = {**raised("No module named 'shop'", "ModuleNotFoundError"), "declared": "shop"}
        (finding,) = Load(path, runtime, stage="declare", unknown=("Scale",), error=error).explained()
        assert (finding.kind, finding.subject) == (Kind.IMPORT_FAILED, "shop")


class TestChangesKnown:
    def test_are_errors(self, tmp_path: Path) -> None:
        path = h5(K215, hard(K215))(tmp_path)
        (finding,) = Load(path, "tf2.16", stage="done", error=None).changed()
        assert (finding.kind, finding.subject) == (Kind.SEMANTICS_CHANGED, "hard_sigmoid")
        assert (finding.severity, finding.stage) == (Severity.ERROR, None)
        assert finding.where == ('activation of "dense"',)
        assert finding.cause == "hard_sigmoid was 0.2x+0.5 up to Keras 2 and is x/6+0.5 in Keras 3.3"

    def test_do_not_explain_why_it_did_not_load(self, tmp_path: Path) -> None:
        load = Load(h5(K215, hard(K215))(tmp_path), "tf2.16")
        assert load.changed()
        assert [finding.kind for finding in load.explained()] == [Kind.LOAD_FAILED]

    def test_are_none_where_it_means_the_same(self, tmp_path: Path) -> None:
        assert Load(h5(K33, hard(K33))(tmp_path), "tf2.16", stage="done", error=None).changed() == ()

    def test_are_none_of_what_would_not_even_load(self, tmp_path: Path) -> None:
        assert Load(h5(K33, small(K33))(tmp_path), "tf2.13", stage="done", error=None).changed() == ()


def test_a_diagnosis_is_told_where_it_was_loaded_and_how_it_is_declared(tmp_path: Path) -> None:
    load = Load(h5(K33, small(K33))(tmp_path), "tf2.13", declared=("shop",))
    context = context_of(load.case, load.subject, load.inventory, load.loaded)
    assert (context.file, context.format, context.runtime) == ("model.h5", "h5", "tf2.13")
    assert (context.versions, context.declared) == (VERSIONS["tf2.13"], ("shop",))
    assert (context.timeout, context.declares_on) == (load.case.settings.timeout, "marker")
    package = context.package_of("CaseFoldUTF8")
    assert package is not None
    assert package.module == "tensorflow_text"
    assert context.package_called("tensorflow_text") == package
