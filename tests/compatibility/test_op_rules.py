"""Ops: what each TensorFlow takes of a graph, attribute by attribute and value by value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, OpDefinition, OpLocation, OpUse
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from tests.compatibility.judging import judged, of_kind, saved_model, subjects

PLACE = OpLocation("node", "__inference_serve_1")
WHERE = ('node "node" of function __inference_serve_1',)


def op(name: str, **values: tuple[str, ...]) -> OpUse:
    return OpUse(name, 1, (PLACE,), tuple(values), tuple(values), {key: each for key, each in values.items() if each})


def found(kind: Kind, inventory: Inventory, runtime: str) -> list[Finding]:
    return of_kind(judged(inventory, runtime), kind)


def attribute(
    runtime: str, value: tuple[str, ...], default: str | None = None, *, format_: str = "saved_model"
) -> Finding:
    """What is found of GatherNd's newest attribute."""
    given = {"Tparams": ("float32",), "Tindices": ("int32",), "bad_indices_policy": value}
    definitions = (
        OpDefinition("Relu"),
        OpDefinition("GatherNd", {} if default is None else {"bad_indices_policy": default}),
    )
    held = saved_model(ops=(op("GatherNd", **given),), op_definitions=definitions)
    (finding,) = found(Kind.UNKNOWN_ATTRIBUTE, replace(held, format=format_), runtime)
    assert finding.subject == "GatherNd.bad_indices_policy"
    return finding


@pytest.mark.parametrize(
    ("runtime", "value", "default", "format_", "severity"),
    [
        ("tf2.4", '"IGNORE"', None, "saved_model", Severity.ERROR),
        ("tf2.4", '""', '""', "saved_model", Severity.ERROR),
        ("tf2.5", '"IGNORE"', None, "saved_model", Severity.CHANGE),
        ("tf2.5", '"IGNORE"', '""', "saved_model", Severity.CHANGE),
        ("tf2.5", '""', '""', "saved_model", Severity.NOTE),
        ("tf2.4", '""', '""', "meta_graph", Severity.NOTE),
        ("tf2.4", '"IGNORE"', '""', "meta_graph", Severity.ERROR),
        ("tf2.4", '""', None, "meta_graph", Severity.ERROR),
        ("tf2.4", '""', '""', "graph_def", Severity.ERROR),
    ],
)
def test_an_unknown_attribute_weighs_what_its_value_does(
    runtime: str, value: str, default: str | None, format_: str, severity: Severity
) -> None:
    finding = attribute(runtime, (value,), default, format_=format_)
    assert finding.severity is severity
    assert finding.stage is (Stage.GRAPH if severity is Severity.ERROR else None)
    assert finding.details == (("value", value),)
    consequence = "it refuses the graph" if severity is Severity.ERROR else "it is ignored there"
    assert finding.cause.endswith(f"; {consequence}")


def test_an_unknown_attribute_of_no_plain_value_changes_nothing_that_is_known() -> None:
    finding = attribute("tf2.5", ())
    assert finding.severity is Severity.NOTE
    assert finding.details == (("value", "not a plain value"),)


def test_of_many_values_a_few_are_said() -> None:
    finding = attribute("tf2.5", ('"a"', '"b"', '"c"', '"d"', '"e"'))
    assert finding.details == (("value", '"a", "b", "c" and 2 more'),)


@pytest.mark.parametrize(
    ("name", "severity"), [("shared_name", Severity.NOTE), ("grad_a", Severity.NOTE), ("seed9", Severity.CHANGE)]
)
def test_names_checks_and_hints_may_be_ignored(name: str, severity: Severity) -> None:
    held = saved_model(ops=(op("Relu", T=("float32",), **{name: ('"x"',)}),))
    assert [each.severity for each in found(Kind.UNKNOWN_ATTRIBUTE, held, "tf2.21")] == [severity]


@pytest.mark.parametrize(
    ("name", "values", "runtime", "refused"),
    [
        ("MatMul", {"T": ("uint8",)}, "tf2.4", "uint8 as 'T'"),
        ("MatMul", {"T": ("float32", "uint16", "uint8")}, "tf2.4", "uint16 as 'T'"),
        ("MatMul", {"T": ("uint8",)}, "tf2.21", ""),
        ("MatMul", {"T": ("float32",)}, "tf2.4", ""),
        ("ParseExample", {"Tdense": ("[float32, string]",)}, "tf2.21", ""),
        ("ParseExample", {"Tdense": ("[]",)}, "tf2.21", ""),
        ("ParseExample", {"Tdense": ("[float32, bool]",)}, "tf2.21", "[float32, bool] as 'Tdense'"),
        ("ParseExample", {"Tdense": ("[bool]", "[int64]")}, "tf2.21", "[bool] as 'Tdense'"),
        # What stands first may be anything.
        ("ParseExample", {"Ndense": ("7",), "sparse_types": ("[bool]",)}, "tf2.21", "[bool] as 'sparse_types'"),
        ("MaxPool", {"padding": ('"REFLECT"',)}, "tf2.21", "\"REFLECT\" as 'padding'"),
    ],
)
def test_values_that_an_op_does_not_take(
    name: str, values: dict[str, tuple[str, ...]], runtime: str, refused: str
) -> None:
    held = found(Kind.UNKNOWN_ATTRIBUTE, saved_model(ops=(op(name, **values),)), runtime)
    assert [each.cause for each in held] == [f"{name} of TensorFlow {runtime[2:]} does not take {refused}"] * bool(
        refused
    )
    assert {each.subject for each in held} == {f"{name}.{refused.rsplit(maxsplit=1)[-1].strip(chr(39))}" for _ in held}
    for finding in held:
        assert (finding.severity, finding.stage, finding.where) == (Severity.ERROR, Stage.GRAPH, WHERE)
        assert finding.fix == ("upgrade TensorFlow there to the version that exported the model",)


def test_an_attribute_that_every_node_must_have() -> None:
    some = replace(op("Relu", T=("float32",)), always=())
    (finding,) = found(Kind.MISSING_ATTRIBUTE, saved_model(ops=(some,)), "tf2.21")
    assert (finding.subject, finding.stage, finding.where) == ("Relu.T", Stage.GRAPH, WHERE)
    assert finding.cause == "TensorFlow 2.21 requires the attribute 'T' of Relu, and the graph does not have it"
    assert finding.fix == ("export the model again with TensorFlow 2.21",)
    # MaxPool's type has a default.
    pool = op("MaxPool", ksize=(), strides=(), padding=('"SAME"',))
    assert not found(Kind.MISSING_ATTRIBUTE, saved_model(ops=(pool,)), "tf2.21")


def test_the_ops_after_one_that_is_not_known_are_judged_too() -> None:
    held = saved_model(ops=(op("FancyOfNobody"), op("Relu", T=("float32",), nobody=("1",))))
    assert subjects(judged(held, "tf2.21"), Kind.UNKNOWN_ATTRIBUTE) == ["Relu.nobody"]


@pytest.mark.parametrize(
    ("name", "runtime", "cause", "fix"),
    [
        ("DisableCopyOnRead", "tf2.9", "it came with TensorFlow 2.10", "upgrade TensorFlow there to 2.10 or newer"),
        (
            "CompareAndBitpack",
            "tf2.21",
            "has no op of this name any more",
            "export the model again with TensorFlow 2.21",
        ),
        ("FancyOfNobody", "tf2.21", "it comes from an op library", "import the package that registers it"),
    ],
)
def test_why_an_op_is_not_known(name: str, runtime: str, cause: str, fix: str) -> None:
    (finding,) = found(Kind.UNKNOWN_OP, saved_model(ops=(op(name),)), runtime)
    assert cause in finding.cause
    assert finding.fix[0].startswith(fix)
    assert subjects(judged(saved_model(ops=(op(name),)), runtime, name), Kind.UNKNOWN_OP) == []


@pytest.mark.parametrize(
    ("ops", "found_for"),
    [
        (("CudnnRNNV3",), ["CudnnRNNV3"]),
        (("CudnnRNNV3", "While"), []),
        (("CudnnRNNV3", "Relu"), ["CudnnRNNV3"]),
        (("CudnnRNN", "Relu", "StatelessWhile"), []),
        (("NcclAllReduce", "While"), ["NcclAllReduce"]),
    ],
)
def test_a_loop_stands_in_for_recurrence_on_a_gpu_alone(ops: tuple[str, ...], found_for: list[str]) -> None:
    assert subjects(judged(saved_model(ops=tuple(map(op, ops))), "tf2.21"), Kind.NO_KERNEL) == found_for


@pytest.mark.parametrize(
    ("name", "runtime", "severity", "says", "fix"),
    [
        ("BoostedTreesBucketize", "tf2.8", None, "", ""),
        (
            "BoostedTreesBucketize",
            "tf2.9",
            Severity.ERROR,
            "TensorFlow 2.9 has no kernel for it any more",
            "2.8 or older",
        ),
        ("ApproxTopK", "tf2.12", Severity.ERROR, "TensorFlow 2.12 has no kernel for it yet", "2.13 or newer, which"),
        ("ApproxTopK", "tf2.13", None, "", ""),
        (
            "QuantizedMatMulWithBias",
            "tf2.4",
            Severity.ERROR,
            "TensorFlow 2.4 has no kernel for it yet",
            "try TensorFlow ",
        ),
        ("QuantizedMatMulWithBias", "tf2.5", None, "", ""),
        ("NcclAllReduce", "tf2.9", Severity.NOTE, "TensorFlow 2.9 has no CPU kernel for it", "the device"),
    ],
)
def test_a_kernel_that_another_version_has(
    name: str, runtime: str, severity: Severity | None, says: str, fix: str
) -> None:
    """Called by hand: a `Discretization` of Keras 2.4 in 2.8 and 2.9, ApproxTopK in 2.12 and 2.13, the third in 2.4."""
    findings = found(Kind.NO_KERNEL, saved_model(ops=(op(name),)), runtime)
    assert [each.severity for each in findings] == ([severity] if severity is not None else [])
    assert all(each.cause.startswith(says) and fix in each.fix[0] for each in findings)


@pytest.mark.parametrize(
    ("graph", "asks"),
    [
        ({"min_consumer": 1000}, ""),
        ({"min_consumer": 1001}, "asks for GraphDef version 1001 or newer"),
        ({"bad_consumers": (999, 1001)}, ""),
        ({"bad_consumers": (7, 1000)}, "refuses to be read by GraphDef version 1000"),
        ({"producer": 20}, ""),
        ({"producer": 19}, "was written with GraphDef version 19"),
        ({"producer": 0}, ""),
    ],
)
@pytest.mark.parametrize("format_", ["saved_model", "graph_def", "meta_graph"])
def test_versions_of_graphs(graph: dict[str, Any], asks: str, format_: str) -> None:
    held = replace(saved_model(**graph), format=format_)
    findings = of_kind(judged(held, "tf2.15", producer=1000, min_producer=20), Kind.GRAPH_VERSION)
    assert len(findings) == bool(asks)
    for finding in findings:
        assert finding.cause.startswith(f"the graph {asks}, and TensorFlow 2.15 reads 20 to 1000: ")
        is_strict = format_ != "saved_model"
        assert (finding.severity, finding.stage) == (
            (Severity.ERROR, Stage.GRAPH) if is_strict else (Severity.NOTE, None)
        )
        assert ("TensorFlow Serving" in finding.cause) is not is_strict


@pytest.mark.parametrize(("is_served", "severity"), [(True, Severity.ERROR), (False, Severity.NOTE)])
def test_python_that_no_signature_leads_to_takes_no_part_in_a_prediction(is_served: bool, severity: Severity) -> None:
    calls = replace(op("PyFunc"), is_served=is_served)
    (finding,) = found(Kind.PYTHON_FUNCTION, saved_model(ops=(calls,)), "tf2.15")
    assert (finding.severity, finding.stage) == (severity, Stage.FIRST_CALL if is_served else None)
    assert finding.cause.startswith("no signature leads to it") is not is_served
