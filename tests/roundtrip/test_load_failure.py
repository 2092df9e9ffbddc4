"""Explaining why an artifact did not load: what is recorded of the runtime, and what its Keras really said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.diagnosis.unresolved import resolvable_uses
from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.roundtrip.attempt import Attempt
from pytest_modelcompat.roundtrip.case import Case
from pytest_modelcompat.roundtrip.load_failure import diagnosis_context, explain_changes, explain_load_failure
from pytest_modelcompat.roundtrip.subject import Subject
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit
from pytest_modelcompat.settings.settings import Settings
from tests.compatibility.models import K215, K311, K315, hard, op_layer, small, stack, vectorization, with_own_layer
from tests.compatibility.writers import Part
from tests.handmade import write_saved_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory

    Write = Callable[[Path], Path]

VERSIONS = {
    "tf2.4": {"tensorflow": "2.4.4", "keras": "2.4.0", "python": "3.8.18"},
    "tf2.10": {"tensorflow": "2.10.1", "keras": "2.10.0", "python": "3.10.13"},
    "tf2.13": {"tensorflow": "2.13.1", "keras": "2.13.1", "python": "3.11.7"},
    "tf2.15": {"tensorflow": "2.15.1", "keras": "2.15.0", "python": "3.11.7"},
    "tf2.16": {"tensorflow": "2.16.2", "keras": "3.3.3", "python": "3.11.7"},
    "prod": {"tensorflow": "2.15.1", "keras": "2.15.0", "python": "3.11.7"},
    "future": {"tensorflow": "2.99.0", "keras": "3.99.0", "python": "3.11.7"},
    "local": {"tensorflow": "2.21.0", "keras": "3.15.1", "python": "3.11.7"},
}
# What is recorded of TensorFlow 2.15 and an .h5 file that Keras 3.15 wrote, in the order it is reported in.
POLICY = "DTypePolicy"
SHAPE, OPTIONAL, QUANTIZED = "InputLayer(batch_shape=…)", "InputLayer(optional=…)", "Dense(quantization_config=…)"
AXES = ["GlorotUniform(input_axes=…)", "GlorotUniform(output_axes=…)"]
ODD = "something that nobody has heard of"


def plain(folder: Path) -> Path:
    return K315.h5(folder / "model.h5", small(K315))


def plain_keras(folder: Path) -> Path:
    return K311.keras(folder / "model.keras", small(K311))


def with_scale(folder: Path) -> Path:
    return K315.keras(folder / "model.keras", with_own_layer(K315))


def with_two_of_ones_own(folder: Path) -> Path:
    own = [
        Part({**K315.layer(name, name.lower()).node, "module": "shop.layers", "registered_name": name})
        for name in ("First", "Second")
    ]
    return K315.keras(folder / "model.keras", stack(K315, *own))


def explained(
    folder: Path,
    write: Write,
    runtime: str,
    said: str = ODD,
    *,
    kind: str = "ValueError",
    stage: str = "load",
    unknown: tuple[str, ...] = (),
    code: int = 0,
) -> tuple[Finding, ...]:
    """Why an artifact did not load in a runtime whose Keras said something, and did not know some names."""
    path = write(folder)
    inventory = read_inventory(path)
    loaded = LoadResult(
        ProcessExit(code),
        stage=stage,
        error={"type": kind, "message": said, "traceback": f"{kind}: {said}"} if not code else None,
        versions=VERSIONS[runtime],
        unknown_objects=tuple(index for index, use in enumerate(resolvable_uses(inventory)) if use.name in unknown),
    )
    subject = Subject(path, inventory.format, "keras", None)
    return explain_load_failure(Attempt(case(runtime, inventory), subject, inventory, loaded))


def case(runtime: str, inventory: Inventory) -> Case:
    return Case("test_m", Target(inventory.format, runtime), Settings(), GoldenName((), "m"))


def names(found: tuple[Finding, ...]) -> list[str]:
    return [finding.subject for finding in found]


class TestElsewhere:
    """In another runtime."""

    def test_all_that_is_recorded_is_reported_at_once(self, tmp_path: Path) -> None:
        """Its Keras tells of the first thing only; nothing that merely changes a prediction explains a failure."""
        found = explained(tmp_path, lambda folder: K315.h5(folder / "model.h5", hard(K315)), "tf2.15")
        assert names(found) == [POLICY, SHAPE, OPTIONAL, QUANTIZED, *AXES]
        assert {finding.severity for finding in found} == {Severity.ERROR}

    def test_what_it_said_is_quoted_once_and_shown_at_length_once(self, tmp_path: Path) -> None:
        first, *others = explained(tmp_path, plain, "tf2.15")
        assert (first.quote, first.log) == (ODD, f"ValueError: {ODD}")
        assert not any(finding.quote or finding.log for finding in others)

    @pytest.mark.parametrize(
        ("said", "first"),
        [
            ("Unrecognized keyword arguments: ['batch_shape']", SHAPE),
            ("Unrecognized keyword arguments passed to Dense: {'quantization_config': None}", QUANTIZED),
            ("Unknown dtype policy: 'DTypePolicy'. Please ensure ...", POLICY),
            ("the argument optional_things is not taken", POLICY),
            ("the argument is_optional is not taken", POLICY),
        ],
    )
    def test_what_it_stumbled_over_comes_first(self, tmp_path: Path, said: str, first: str) -> None:
        found = explained(tmp_path, plain, "tf2.15", said)
        assert found[0].subject == first
        assert found[0].quote == said
        rest = [POLICY, SHAPE, OPTIONAL, QUANTIZED, *AXES]
        rest.remove(first)
        assert names(found)[1:] == rest

    def test_all_that_it_stumbled_over_comes_first(self, tmp_path: Path) -> None:
        found = explained(tmp_path, plain, "tf2.15", "Unrecognized keyword arguments: ['batch_shape', 'optional']")
        assert names(found) == [SHAPE, OPTIONAL, POLICY, QUANTIZED, *AXES]

    def test_what_is_recorded_tells_more_than_that_it_did_not_load(self, tmp_path: Path) -> None:
        """Also where its words mean something in other cases."""
        found = explained(tmp_path, plain, "tf2.15", "Could not locate class 'Policy'.")
        assert names(found) == [POLICY, SHAPE, OPTIONAL, QUANTIZED, *AXES]
        assert found[0].quote == "Could not locate class 'Policy'."

    def test_its_versions_count_and_not_its_name(self, tmp_path: Path) -> None:
        assert names(explained(tmp_path, plain, "prod")) == names(explained(tmp_path, plain, "tf2.15"))

    def test_what_the_user_can_declare_is_reported_once_and_with_the_rest(self, tmp_path: Path) -> None:
        said = "Unknown layer: 'Scale'. Please ensure you are using a `keras.utils.custom_object_scope`"
        found = explained(tmp_path, with_scale, "tf2.15", said, unknown=("Scale", POLICY))
        assert names(found) == ["Scale", POLICY, SHAPE, OPTIONAL]
        assert [finding.kind for finding in found[:2]] == [Kind.UNKNOWN_LAYER, Kind.MODULE_MOVED]
        assert '@pytest.mark.model_roundtrip(custom_objects={"Scale": ' in found[0].fix[0]

    def test_what_the_user_can_declare_waits_for_what_was_said(self, tmp_path: Path) -> None:
        said = "Unrecognized keyword arguments: ['batch_shape']"
        found = explained(tmp_path, with_scale, "tf2.15", said, unknown=("Scale",))
        assert names(found) == [SHAPE, "Scale", POLICY, OPTIONAL]

    def test_of_several_the_one_that_was_named_comes_first(self, tmp_path: Path) -> None:
        said = "Unknown layer: 'Second'. Please ensure ..."
        found = explained(tmp_path, with_two_of_ones_own, "tf2.15", said, unknown=("First", "Second"))
        assert names(found) == ["Second", "First", POLICY, SHAPE, OPTIONAL]
        assert found[0].quote == said

    def test_what_is_known_for_certain_comes_before_what_is_recorded(self, tmp_path: Path) -> None:
        """A damaged file is a damaged file, whatever would have come next."""
        found = explained(tmp_path, plain, "tf2.15", "Unable to open file (truncated file: eof = 96)", kind="OSError")
        assert found[0].kind is Kind.ARTIFACT_BROKEN
        assert names(found)[1:] == [POLICY, SHAPE, OPTIONAL, QUANTIZED, *AXES]

    @pytest.mark.parametrize(
        ("kind", "said", "told"),
        [
            ("OSError", "[Errno 28] No space left on device", Kind.DISK_FULL),
            ("MemoryError", "Unable to allocate 8.00 GiB", Kind.OUT_OF_MEMORY),
        ],
    )
    def test_what_the_machine_lacks(self, tmp_path: Path, kind: str, said: str, told: Kind) -> None:
        found = explained(tmp_path, plain, "tf2.15", said, kind=kind)
        assert (found[0].kind, found[0].quote) == (told, said)
        assert names(found)[1:] == [POLICY, SHAPE, OPTIONAL, QUANTIZED, *AXES]

    def test_a_format_that_is_not_read(self, tmp_path: Path) -> None:
        said = "Unable to open file (file signature not found)"
        (found,) = explained(tmp_path, plain_keras, "tf2.10", said, kind="OSError")
        assert found.kind is Kind.FORMAT_NOT_READ
        assert found.quote == said

    def test_what_keeps_it_from_loading_does_not_explain_a_failing_call(self, tmp_path: Path) -> None:
        (found,) = explained(tmp_path, plain, "tf2.15", stage="predict")
        assert found.kind is Kind.PREDICTION_FAILED

    @pytest.mark.parametrize("stage", ["declare", "resolve", "training"])
    def test_nor_one_before_or_after_loading(self, tmp_path: Path, stage: str) -> None:
        (found,) = explained(tmp_path, plain, "tf2.15", stage=stage)
        assert found.quote == ODD
        assert found.subject == "model.h5"

    def test_a_crash_is_reported_as_a_crash(self, tmp_path: Path) -> None:
        (found,) = explained(tmp_path, plain, "tf2.15", code=-11)
        assert found.kind is Kind.LOADER_CRASHED
        assert found.cause == "the loader of runtime 'tf2.15' died of SIGSEGV while it loaded the artifact"

    def test_versions_that_nothing_is_recorded_of(self, tmp_path: Path) -> None:
        (found,) = explained(tmp_path, plain, "future")
        assert found.kind is Kind.LOAD_FAILED
        assert names(explained(tmp_path, with_scale, "future", unknown=("Scale",))) == ["Scale"]

    def test_an_op_of_ones_own_comes_before_one_that_came_later(self, tmp_path: Path) -> None:
        path = write_saved_model(tmp_path / "model", {"DisableCopyOnRead": 1, "FancyMul": 1})
        inventory = read_inventory(path)
        error = {"type": "ValueError", "message": ODD, "traceback": ODD}
        unknown = ("DisableCopyOnRead", "FancyMul")
        loaded = LoadResult(ProcessExit(0), "load", error, unknown_ops=unknown, versions=VERSIONS["tf2.4"])
        found = explain_load_failure(
            Attempt(case("tf2.4", inventory), Subject(path, "saved_model", "", None), inventory, loaded)
        )
        assert names(found) == ["FancyMul", "DisableCopyOnRead"]
        assert found[1].fix[0] == "upgrade TensorFlow there to 2.10 or newer"

    @pytest.mark.parametrize(("stage", "is_reported"), [("predict", True), ("load", False)])
    def test_what_fails_at_the_first_call_explains_a_call_and_no_load(
        self, tmp_path: Path, stage: str, is_reported: bool
    ) -> None:
        found = explained(
            tmp_path, lambda folder: K311.h5(folder / "model.h5", vectorization(None)), "tf2.16", stage=stage
        )
        assert (Kind.VOCABULARY_LOST in {finding.kind for finding in found}) is is_reported


class TestHere:
    """In the runtime that saved it, where nothing is predicted."""

    def test_nothing_unknown(self, tmp_path: Path) -> None:
        (found,) = explained(tmp_path, plain, "local")
        assert (found.kind, found.quote) == (Kind.LOAD_FAILED, ODD)

    def test_an_h5_that_keras_would_hold_is_advised_to_change_formats(self, tmp_path: Path) -> None:
        """Whatever was raised: Keras 3 reads its own .keras files with fewer surprises."""
        (found,) = explained(tmp_path, plain, "local")
        assert found.fix[-1] == 'or leave .h5: @pytest.mark.model_roundtrip(formats=["keras", "saved_model"])'

    @pytest.mark.parametrize(
        ("write", "kind", "said"),
        [
            (plain, "OSError", "[Errno 28] No space left on device"),
            (plain, "MemoryError", "Unable to allocate 8.00 GiB"),
            (plain, "OSError", "Unable to open file (truncated file: eof = 96)"),
            (lambda folder: K315.h5(folder / "model.h5", with_own_layer(K315)), "RuntimeError", "no licence"),
            (plain_keras, "ValueError", ODD),
        ],
        ids=["full disk", "no memory", "damaged", "own class", "no .h5"],
    )
    def test_another_format_is_no_advice_where_it_may_not_help(
        self, tmp_path: Path, write: Write, kind: str, said: str
    ) -> None:
        (found,) = explained(tmp_path, write, "local", said, kind=kind)
        assert not [line for line in found.fix if "formats=" in line]

    def test_what_could_not_be_resolved_explains_whatever_was_said(self, tmp_path: Path) -> None:
        (found,) = explained(tmp_path, with_scale, "local", unknown=("Scale",))
        assert (found.kind, found.subject, found.quote) == (Kind.UNKNOWN_LAYER, "Scale", ODD)

    def test_of_several_the_one_that_was_named_comes_first(self, tmp_path: Path) -> None:
        said = "Unknown layer: 'Second'. Please ensure ..."
        found = explained(tmp_path, with_two_of_ones_own, "local", said, unknown=("First", "Second"))
        assert [(finding.subject, finding.quote) for finding in found] == [("Second", said), ("First", "")]

    def test_what_is_known_for_certain_comes_first(self, tmp_path: Path) -> None:
        said = "Unable to open file (truncated file: eof = 96)"
        found = explained(tmp_path, with_scale, "local", said, kind="OSError", unknown=("Scale",))
        assert [finding.kind for finding in found] == [Kind.ARTIFACT_BROKEN, Kind.UNKNOWN_LAYER]

    def test_a_failing_call_is_not_put_on_names(self, tmp_path: Path) -> None:
        (found,) = explained(tmp_path, with_scale, "local", unknown=("Scale",), stage="predict")
        assert found.kind is Kind.PREDICTION_FAILED

    def test_what_is_known_of_a_layer_that_keras_has_dropped(self, tmp_path: Path) -> None:
        """No declaration would bring it back."""
        said = "Unknown layer: 'TFOpLambda'. Please ensure ..."
        model = op_layer("TFOpLambda", "math.reduce_sum", axis=1)
        (found,) = explained(
            tmp_path, lambda folder: K215.h5(folder / "model.h5", model), "local", said, unknown=("TFOpLambda",)
        )
        assert (found.kind, found.where) == (Kind.UNKNOWN_LAYER, ('"op", second of 3 layers',))
        assert not [line for line in found.fix if "custom_objects" in line]

    def test_a_declaration_is_written_where_the_case_is_with_where_the_class_lives(self, tmp_path: Path) -> None:
        path = with_scale(tmp_path)
        inventory = read_inventory(path)
        error = {"type": "ValueError", "message": ODD, "traceback": ODD}
        position = [use.name for use in resolvable_uses(inventory)].index("Scale")
        loaded = LoadResult(ProcessExit(0), "load", error, unknown_objects=(position,), versions=VERSIONS["local"])
        subject = Subject(path, "keras", "keras", None, defining_modules={"Scale": "shop.layers.Scale"})
        (found,) = explain_load_failure(
            Attempt(replace(case("local", inventory), declared_in=OptionPlace.CALL), subject, inventory, loaded)
        )
        assert found.fix[0].split("\n") == [
            "from shop.layers import Scale",
            'model_roundtrip(..., custom_objects={"Scale": Scale})',
        ]


def test_the_diagnosis_knows_the_case_the_runtime_and_the_packages(tmp_path: Path) -> None:
    path = plain(tmp_path)
    inventory = read_inventory(path)
    loaded = LoadResult(ProcessExit(0), "load", versions=VERSIONS["prod"], declared=("shop",))
    called = replace(case("prod", inventory), declared_in=OptionPlace.CALL)
    context = diagnosis_context(Attempt(called, Subject(path, "h5", "keras", None), inventory, loaded))
    assert (context.artifact, context.format, context.runtime) == ("model.h5", "h5", "prod")
    assert (context.versions, context.declared, context.syntax.place) == (VERSIONS["prod"], ("shop",), "call")
    package = context.package_of("CaseFoldUTF8")
    assert package is not None
    assert context.package_called("tensorflow_text") == package


class TestChanges:
    """What loads in another runtime and is not the same there."""

    def known(self, path: Path, runtime: str) -> tuple[Finding, ...]:
        inventory = read_inventory(path)
        loaded = LoadResult(ProcessExit(0), "done", versions=VERSIONS[runtime])
        subject = Subject(path, inventory.format, "keras", None)
        return explain_changes(Attempt(case(runtime, inventory), subject, inventory, loaded))

    def test_it_fails_the_target_and_what_would_keep_it_from_loading_is_left_out(self, tmp_path: Path) -> None:
        (found,) = self.known(K315.h5(tmp_path / "model.h5", hard(K315)), "tf2.15")
        assert (found.kind, found.subject) == (Kind.SEMANTICS_CHANGED, "hard_sigmoid")
        assert found.severity is Severity.ERROR

    def test_nothing_has_changed(self, tmp_path: Path) -> None:
        assert self.known(K311.h5(tmp_path / "model.h5", hard(K311)), "tf2.16") == ()

    def test_nothing_is_recorded(self, tmp_path: Path) -> None:
        assert self.known(K315.h5(tmp_path / "model.h5", hard(K315)), "future") == ()
