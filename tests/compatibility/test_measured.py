"""What was measured of constructs, as findings: where no rule says it, and only there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, ObjectUse
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility, CompatibilityResult
from pytest_modelcompat.profiles.facts import Facts, data_of
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Kind, Severity, Stage

VERSIONS = ["2.15", "tf_keras 2.21", "3.3", "3.6"]
KINDS = [
    ["fails", "load", "TypeError: no"],
    ["changed", "", "the outputs differ"],
    ["fails", "call", "ValueError: no"],
    ["changed", "training", "its losses differ"],
    ["crashes", "load", "exit code -11"],
    ["hangs", "load", ""],
    ["loads", "", ""],
    ["changed", "", "outputs of floatN became intN"],
    ["changed", "", "outputs of another shape"],
]


def facts(**rows: list[list[Any]]) -> Facts:
    """Facts about arguments of a Dense: `rate=[[kind, writers, readers]]`."""
    measured = [(writer, reader) for writer in range(4) for reader in range(4)]
    about = {f"layer Dense.{argument}": found for argument, found in rows.items()}
    return Facts(data_of(VERSIONS, KINDS, measured, [], about))


def facts_about(construct: str, rows: list[list[Any]]) -> Facts:
    """Facts about one construct."""
    measured = [(writer, reader) for writer in range(4) for reader in range(4)]
    return Facts(data_of(VERSIONS, KINDS, measured, [], {construct: rows}))


def judged(known: Facts, runtime: str, *layers: LayerUse, keras: str = "3.3.0") -> CompatibilityResult:
    inventory = Inventory(Path("model.keras"), "keras", saved_by={"keras": keras}, layers=layers)
    return check_compatibility(inventory, load_profile(runtime), facts=known)


def dense(name: str = "first", **config: Any) -> LayerUse:
    return LayerUse("Dense", (name,), "keras.layers", config={"units": 2, **config}, position=1, siblings=1)


def test_a_version_between_two_that_were_tried_is_expected_to_do_as_they_do() -> None:
    about = {"layer Dense.units=int": [[0, [2], [2, 3]]]}
    known = Facts(data_of(VERSIONS, KINDS, [(2, 2)], [], about, between=[(2, 3)]))
    (finding,) = judged(known, "tf2.18", dense()).findings
    assert finding.cause == (
        "Keras 3.6 is expected, by what was seen of the versions beside it, not to read it from a file of "
        "Keras 3.3.0: TypeError: no"
    )


def test_a_value_that_another_layer_was_seen_with_is_expected_to_become_the_same() -> None:
    known = facts(**{"kernel_regularizer=<L1>": [[0, [2], [3]], [6, [2], [2]]]})
    regularizer = {"class_name": "L1", "config": {"l1": 0.5}}
    layer = LayerUse("GRU", ("g",), config={"units": 2, "recurrent_regularizer": regularizer}, position=1, siblings=1)
    (finding,) = judged(known, "tf2.18", layer).findings
    assert finding.subject == "GRU.recurrent_regularizer=<L1>"
    assert finding.cause == (
        "Keras 3.6 is expected, by what was seen of Dense.kernel_regularizer=<L1>, not to read it from a file of "
        "Keras 3.3.0: TypeError: no"
    )
    assert finding.fix == (
        "load it with Keras 3.3, where Dense.kernel_regularizer=<L1> was seen to come back the same",
    )


def test_a_construct_that_failed_is_an_error_with_what_keras_said() -> None:
    result = judged(facts(**{"units=int": [[0, [2], [3]], [6, [2], [1, 2]]]}), "tf2.18", dense())
    (finding,) = result.findings
    assert result.compatibility is Compatibility.FAILS
    assert (finding.kind, finding.subject, finding.stage) == (Kind.CONFIG_CHANGED, "Dense.units=int", Stage.CONFIG)
    assert finding.where == ('"first"',)
    assert finding.cause == "Keras 3.6 was seen not to read it from a file of Keras 3.3.0: TypeError: no"
    assert finding.fix == ("load it with Keras 3.3 or tf_keras 2.21, where it was seen to come back the same",)


def test_of_what_comes_back_the_same_nowhere_no_version_is_recommended() -> None:
    (finding,) = judged(facts(**{"units=int": [[0, [2], [0, 1, 2, 3]]]}), "tf2.18", dense()).findings
    assert finding.fix == (
        "no Keras that was tried reads it back: build the model without it, and save the model again",
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (0, (Kind.CONFIG_CHANGED, Severity.ERROR, Stage.CONFIG)),
        (1, (Kind.SEMANTICS_CHANGED, Severity.CHANGE, None)),
        (2, (Kind.CONFIG_CHANGED, Severity.ERROR, Stage.FIRST_CALL)),
        (4, (Kind.LOADER_CRASHED, Severity.ERROR, Stage.CRASH)),
        (5, (Kind.NEVER_ENDS, Severity.ERROR, Stage.HANG)),
    ],
)
def test_each_outcome_is_a_finding_of_its_kind(kind: int, expected: tuple[Any, ...]) -> None:
    (finding,) = judged(facts(**{"units=int": [[kind, [2], [3]]]}), "tf2.18", dense()).findings
    assert (finding.kind, finding.severity, finding.stage) == expected


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (0, "Keras 3.6 was seen not to read it from a file of Keras 3.3.0: TypeError: no"),
        (1, "Keras 3.6 was seen to predict something else once it has read it from a file of Keras 3.3.0"),
        (4, "Keras 3.6 was seen to end the process when it reads it from a file of Keras 3.3.0, with exit code -11"),
        (5, "Keras 3.6 was seen to read a file of Keras 3.3.0 with it without end"),
    ],
)
def test_each_outcome_has_its_sentence(kind: int, cause: str) -> None:
    (finding,) = judged(facts(**{"units=int": [[kind, [2], [3]]]}), "tf2.18", dense()).findings
    assert finding.cause == cause


def test_training_that_goes_on_otherwise_is_no_finding() -> None:
    assert judged(facts(**{"units=int": [[3, [2], [3]]]}), "tf2.18", dense()).findings == ()


@pytest.mark.parametrize(
    ("keras", "runtime"),
    [("3.3.0", "tf2.16"), ("2.15.0", "tf2.18"), ("2.21.0", "tf2.18"), ("3.6.0", "tf2.18")],
)
def test_nothing_is_found_for_versions_in_which_it_loads(keras: str, runtime: str) -> None:
    assert judged(facts(**{"units=int": [[0, [2], [3]]]}), runtime, dense(), keras=keras).findings == ()


@pytest.mark.parametrize(("keras", "writer"), [("2.15.0", 0), ("2.21.0", 1)])
def test_tf_keras_is_another_than_the_keras_2_of_tensorflow(keras: str, writer: int) -> None:
    known = facts(**{"units=int": [[0, [writer], [3]]]})
    assert len(judged(known, "tf2.18", dense(), keras=keras).findings) == 1


def test_nothing_is_found_where_the_writer_is_not_known() -> None:
    assert judged(facts(**{"units=int": [[0, [2], [3]]]}), "tf2.18", dense(), keras="").findings == ()


class TestBesideRules:
    KNOWN = facts(**{"units=int": [[0, [2], [3]]]})

    def test_a_layer_of_which_a_rule_says_why_it_fails_is_not_reported_twice(self) -> None:
        result = judged(self.KNOWN, "tf2.18", dense(made_up=1))
        assert [finding.kind for finding in result.findings] == [Kind.UNKNOWN_ARGUMENT]

    def test_other_layers_of_the_same_file_are(self) -> None:
        result = judged(self.KNOWN, "tf2.18", dense("bad", made_up=1), dense("worse"))
        assert {finding.kind for finding in result.findings} == {Kind.UNKNOWN_ARGUMENT, Kind.CONFIG_CHANGED}

    def test_layers_that_a_rule_only_counts_are_explained_too(self) -> None:
        """A finding names the first of many places, and says how many more there are."""
        result = judged(self.KNOWN, "tf2.18", *(dense(f"layer_{number}", made_up=1) for number in range(40)))
        (finding,) = result.findings
        assert finding.kind is Kind.UNKNOWN_ARGUMENT
        assert finding.where[-1].endswith("more")

    def test_a_change_that_a_rule_knows_does_not_hide_a_failure(self) -> None:
        known = facts(**{"units=int": [[0, [0], [3]]]})
        result = judged(known, "tf2.18", dense(activation="hard_sigmoid"), keras="2.15.0")
        assert Severity.ERROR in {finding.severity for finding in result.findings}


def test_a_model_as_a_whole_is_not_said_to_fail_where_a_rule_says_why() -> None:
    """Every .keras file of 2.13 keeps its weights where 2.15 does not look: one sentence says so."""
    about = {"model Sequential": [[0, [0], [0]]]}
    known = Facts(data_of(VERSIONS, KINDS, [(0, 0)], [], about))
    root = {"class_name": "Sequential", "config": {}}
    for layers, subjects in (((dense(),), ["Sequential"]), ((dense(nobody=1),), ["Dense(nobody=…)"])):
        inventory = Inventory(Path("model.h5"), "h5", saved_by={"keras": "2.15.0"}, layers=layers, root=root)
        found = check_compatibility(inventory, load_profile("tf2.15"), facts=known).findings
        assert [finding.subject for finding in found] == subjects


class TestOutputsOfAnotherDtype:
    """What comes after a layer casts what it gets, so that they count where the layer gives the model's outputs."""

    def found(self, kind: int, *names: str, wrapped: bool = False) -> list[str]:
        nodes = [{"class_name": "Dense", "config": {"name": name}} for name in names]
        root = {"class_name": "Sequential", "config": {"name": "model", "layers": nodes}}
        last = ("wrapper", names[-1]) if wrapped else (names[-1],)
        layers = tuple(
            LayerUse("Dense", path, config={"units": 2}) for path in (*((name,) for name in names[:-1]), last)
        )
        if wrapped:
            nodes[-1] = {"class_name": "TimeDistributed", "config": {"name": "wrapper"}}
        inventory = Inventory(Path("model.keras"), "keras", saved_by={"keras": "3.3.0"}, layers=layers, root=root)
        known = facts(**{"units=int": [[kind, [2], [3]]]})
        result = check_compatibility(inventory, load_profile("tf2.18"), facts=known)
        return [place for finding in result.findings for place in finding.where]

    def test_count_at_the_end_alone(self) -> None:
        assert [place.partition(",")[0] for place in self.found(7, "first", "last")] == ['"last"']

    def test_count_inside_a_wrapper_at_the_end(self) -> None:
        assert [place.partition(",")[0] for place in self.found(7, "first", "last", wrapped=True)] == [
            '"last" inside "wrapper"'
        ]

    def test_are_not_those_of_another_shape(self) -> None:
        assert len(self.found(8, "first", "last")) == 2


@pytest.mark.parametrize(
    ("sizes", "is_found"), [([1], False), ([3], True), ([None], True), ([], False), ([2, 3], True)]
)
def test_what_fails_for_rows_says_nothing_of_columns_and_single_numbers(sizes: list[Any], is_found: bool) -> None:
    """As encodings of several numbers a row, which not every version takes."""
    known = facts_about("layer IntegerLookup.output_mode=count", [[2, [2], [2]]])
    nodes = [{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [None, *sizes]}}]
    lookup = {"name": "lookup", "output_mode": "count"}
    nodes.append({"class_name": "IntegerLookup", "config": lookup})
    layers = (LayerUse("IntegerLookup", ("lookup",), "keras.layers", config=lookup),)
    root = {"class_name": "Sequential", "config": {"layers": nodes}}
    held = Inventory(Path("model.keras"), "keras", saved_by={"keras": "3.3.0"}, root=root, layers=layers)
    found = check_compatibility(held, load_profile("tf2.16"), facts=known).findings
    assert ("IntegerLookup.output_mode=count" in [each.subject for each in found]) is is_found


class TestNeverObserved:
    def test_are_the_constructs_that_no_version_was_tried_with(self) -> None:
        known = facts()
        result = judged(known, "tf2.18", dense())
        assert result.unobserved == ("layer Dense", "layer Dense.units=int")

    def test_are_none_of_what_was_tried_or_is_of_the_users_own(self) -> None:
        data = data_of(VERSIONS, KINDS, [(2, 3)], ["layer Dense", "layer Dense.units=int"], {})
        result = judged(Facts(data), "tf2.18", dense(), LayerUse("Scale", ("scale",), config={"factor": 2}))
        assert result.unobserved == ()

    @pytest.mark.parametrize("value", ["Scale", {"class_name": "Scale", "config": {}}, "shop>Scale"])
    def test_are_no_values_of_the_users_own(self, value: object) -> None:
        data = data_of(VERSIONS, KINDS, [(2, 3)], ["layer Dense", "layer Dense.units=int"], {})
        own = LayerUse("Scale", ("scale",), config={})
        assert judged(Facts(data), "tf2.18", dense(how=value), own).unobserved == ()

    def test_are_those_that_keras_registered_under_their_own_name(self) -> None:
        """Keras 3 does not know it by that name, and it is nobody's own."""
        adam = ObjectUse("optimizer", "Custom>Adam", ("compile",))
        inventory = Inventory(Path("model.h5"), "h5", saved_by={"keras": "2.13.0"}, objects=(adam,))
        result = check_compatibility(inventory, load_profile("tf2.18"), facts=facts())
        assert result.unobserved == ("compiled optimizer Custom>Adam",)

    def test_are_none_where_nothing_was_tried_of_the_format(self) -> None:
        inventory = Inventory(Path("model"), "saved_model", layers=(dense(),))
        assert check_compatibility(inventory, load_profile("tf2.18")).unobserved == ()
