"""Every failure that users really met and that a static read can predict is predicted, and only where it happens."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import Hazard, LambdaUse
from pytest_modelcompat.compatibility.advice import held_to_facts, recommended_runtime
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Kind, Severity
from tests import handmade
from tests.compatibility.asked_rows import ASKED, looking_up, saved_model_inside
from tests.compatibility.build_rows import BUILDING, STATE
from tests.compatibility.code_rows import CODE, OPENING
from tests.compatibility.graph_rows import GRAPHS
from tests.compatibility.keras_rows import NAMES
from tests.compatibility.models import K33, K36, K315, h5, keras, operation, small, stack
from tests.compatibility.more_rows import MORE
from tests.compatibility.rows import NOT_PREDICTED, Row

if TYPE_CHECKING:
    from pytest_modelcompat.compatibility.verdict import CompatibilityResult
    from pytest_modelcompat.results.finding import Finding
    from tests.compatibility.rows import Artifact
    from tests.compatibility.writers import Part

PROJECT = Path(__file__).resolve().parents[2]
ROWS: tuple[Row, ...] = (*NAMES, *OPENING, *BUILDING, *CODE, *STATE, *GRAPHS, *MORE, *ASKED)
VERDICTS = {
    Severity.ERROR: Compatibility.FAILS,
    Severity.CHANGE: Compatibility.CHANGED,
    Severity.WARNING: Compatibility.LOADS,
    Severity.NOTE: Compatibility.LOADS,
}


def param(artifact: Artifact | None, *values: object) -> Any:
    """What a test of an artifact is called with; the artifacts that have a name are saved by TensorFlow."""
    return pytest.param(*values, marks=[pytest.mark.needs_tensorflow] if isinstance(artifact, str) else [])


of_rows = pytest.mark.parametrize("row", [param(row.artifact, row) for row in ROWS], ids=lambda row: row.id)


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Path:
    """The folder of SavedModels that TensorFlow saved for these tests."""
    folder = tmp_path_factory.mktemp("graphs")
    built = subprocess.run(
        [sys.executable, Path(__file__).with_name("save_graphs.py"), folder],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-4000:]
    return folder


@pytest.fixture
def judged(tmp_path: Path, request: pytest.FixtureRequest) -> Judge:
    return Judge(tmp_path, request)


class Judge:
    """Makes an artifact and judges it."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self._folder = folder
        self._request = request

    def __call__(self, row: Row, artifact: Artifact, runtime: str, *more: str) -> CompatibilityResult:
        if isinstance(artifact, str):
            folder: Path = self._request.getfixturevalue("graphs")
            path = folder / artifact
        else:
            path = artifact(self._folder)
        custom = (*row.custom, *more)
        return check_compatibility(read_inventory(path), load_profile(runtime), custom=custom, safe_mode=not row.unsafe)


def found(row: Row, result: CompatibilityResult) -> list[Finding]:
    return [each for each in result.findings if (each.kind, each.subject) == (row.kind, row.subject)]


@of_rows
def test_row(row: Row, judged: Judge) -> None:
    result = judged(row, row.artifact, row.runtime)
    assert found(row, result), told(result)
    finding = found(row, result)[0]
    assert (finding.severity, finding.stage) == (row.severity, row.stage)
    assert row.cause in finding.cause
    assert row.fix in "\n".join(finding.fix)
    assert not row.where or row.where in finding.where
    assert result.compatibility is VERDICTS[row.severity], told(result)


@of_rows
def test_the_text_reads_well(row: Row, judged: Judge) -> None:
    finding = found(row, judged(row, row.artifact, row.runtime))[0]
    assert finding.cause, "no reason is given"
    assert len(finding.cause) < 280
    assert not finding.cause.endswith("."), "reports put it into a line of their own"
    assert finding.fix, "nothing is said to do about it"
    assert all("{" not in line.replace("={", "") for line in (finding.cause, *finding.fix)), "a word was not filled in"
    assert "(0, 0)" not in finding.cause


@of_rows
def test_no_version_is_recommended_that_fails_as_well(row: Row, judged: Judge) -> None:
    result = judged(row, row.artifact, row.runtime)
    inventory, profile, safe_mode = read_inventory(result.path), load_profile(row.runtime), not row.unsafe
    for finding in held_to_facts(result.findings, inventory, profile, custom=row.custom, safe_mode=safe_mode):
        assert finding.fix, "nothing is left to do about it"
        assert not finding.fix[0].startswith("or ")
        for runtime in filter(None, map(recommended_runtime, finding.fix)):
            other = replace(load_profile(runtime), python=profile.python)
            there = check_compatibility(inventory, other, custom=row.custom, safe_mode=safe_mode)
            assert finding.identity not in {each.identity for each in there.findings}, told(there)


@pytest.mark.parametrize(
    ("row", "runtime"),
    [param(row.artifact, row, runtime) for row in ROWS for runtime in row.loads_in],
    ids=lambda each: str(getattr(each, "id", each)),
)
def test_it_loads_where_it_does(row: Row, runtime: str, judged: Judge) -> None:
    result = judged(row, row.artifact, runtime)
    assert result.compatibility is Compatibility.LOADS, told(result)
    assert not found(row, result)


@pytest.mark.parametrize("row", [param(row.control, row) for row in ROWS if row.control], ids=lambda row: row.id)
def test_it_loads_without_the_cause(row: Row, judged: Judge) -> None:
    assert row.control
    result = judged(row, row.control, row.runtime)
    assert result.compatibility is Compatibility.LOADS, told(result)
    assert not found(row, result)


@pytest.mark.parametrize("row", [param(row.artifact, row) for row in ROWS if row.declared], ids=lambda row: row.id)
def test_it_loads_once_declared(row: Row, judged: Judge) -> None:
    result = judged(row, row.artifact, row.runtime, *row.declared)
    assert result.compatibility is Compatibility.LOADS, told(result)


@pytest.mark.parametrize(
    ("class_name", "arguments", "runtime", "verdict"),
    [
        ("Softmax", {"axis": 1}, "tf2.21", Compatibility.LOADS),
        ("Softmax", {"axis": -1}, "tf2.16", Compatibility.LOADS),
        ("Softmax", {"axis": 0}, "tf2.16", Compatibility.CHANGED),
        # The last of two, which is what Keras 3.3 takes instead.
        ("Softmax", {"axis": 1}, "tf2.16", Compatibility.LOADS),
        ("Concatenate", {"axis": 1}, "tf2.21", Compatibility.LOADS),
        ("Add", {}, "tf2.21", Compatibility.FAILS),
        ("Average", {"axis": 1}, "tf2.21", Compatibility.FAILS),
    ],
)
def test_an_operation_in_h5_loads_where_the_layer_of_its_name_does_the_same(
    class_name: str, arguments: dict[str, int], runtime: str, verdict: Compatibility, tmp_path: Path
) -> None:
    writer = K315 if runtime == "tf2.21" else K33
    path = h5(writer, operation(writer, "numpy", class_name, **arguments))(tmp_path)
    result = check_compatibility(read_inventory(path), load_profile(runtime))
    assert result.compatibility is verdict, told(result)


@pytest.mark.parametrize("model", [looking_up(K36, "StringLookup", "/data/terms.txt"), saved_model_inside(K36)])
def test_what_safe_mode_refuses_loads_without_it(model: Part, tmp_path: Path) -> None:
    inventory = read_inventory(keras(K36, model)(tmp_path))
    assert check_compatibility(inventory, load_profile("tf2.21")).compatibility is Compatibility.FAILS
    trusted = check_compatibility(inventory, load_profile("tf2.21"), safe_mode=False)
    assert trusted.compatibility is Compatibility.LOADS, told(trusted)


def test_a_pickled_pytorch_module_is_refused_from_a_version_on(tmp_path: Path) -> None:
    inventory = read_inventory(
        keras(K36, stack(K36, K36.layer("TorchModuleWrapper", "inner", module="gAJ9")))(tmp_path)
    )
    refused = {
        runtime
        for runtime in ("tf2.18", "tf2.19", "tf2.20", "tf2.21")
        for each in check_compatibility(inventory, load_profile(runtime)).findings
        if each.kind is Kind.SAFE_MODE_REFUSED
    }
    assert refused == {"tf2.20", "tf2.21"}


@pytest.mark.parametrize(
    ("what", "version", "is_refused"),
    [
        *(("external link", "3.12.0", False), ("external link", "3.12.1", True), ("external link", "3.13.1", False)),
        *(("out-of-file dataset", "3.13.1", False), ("out-of-file dataset", "3.13.2", True)),
        *(("empty dataset", "3.12.2", False), ("empty dataset", "3.12.3", True), ("empty dataset", "3.14.0", False)),
        *(("empty dataset", "3.15.0", True), ("pickle", "3.15.0", False)),
    ],
)
def test_weights_outside_of_the_file_are_refused_from_a_version_on(
    what: str, version: str, is_refused: bool, tmp_path: Path
) -> None:
    inventory = read_inventory(keras(K36, small(K36))(tmp_path))
    with_hazard = replace(inventory, hazards=(Hazard(what, "dense/kernel", "is elsewhere"),))
    findings = check_compatibility(with_hazard, replace(load_profile("tf2.21"), keras=version)).findings
    assert [each.kind for each in findings if each.subject == "dense/kernel"] == [Kind.ARTIFACT_BROKEN] * is_refused


@pytest.mark.parametrize(
    ("key", "is_read"), [("inbound_nodes", True), ("", True), ("mask", False), ("build_config", False)]
)
def test_keras_3_passes_over_bytecode_of_a_mask_and_of_what_builds_a_layer(
    key: str, is_read: bool, tmp_path: Path
) -> None:
    inventory = read_inventory(keras(K36, small(K36))(tmp_path))
    held = replace(inventory, lambdas=(LambdaUse(("dense",), has_bytecode=True, key=key),))
    assert (check_compatibility(held, load_profile("tf2.21")).compatibility is Compatibility.FAILS) is is_read


@pytest.mark.parametrize("op", ["_FusedMatMul", "_ReadVariablesOp", "_SwitchN"])
def test_an_op_of_the_registry_is_known_though_no_python_function_calls_it(op: str, tmp_path: Path) -> None:
    path = handmade.write_saved_model(tmp_path / "model", {op: 1})
    kinds = {each.kind for each in check_compatibility(read_inventory(path), load_profile("tf2.21")).findings}
    assert Kind.UNKNOWN_OP not in kinds


def test_every_row_is_tested_or_said_why_not() -> None:
    tested = {row.number for row in ROWS} - {None}
    assert tested | NOT_PREDICTED.keys() == set(range(1, 42))
    assert not tested & NOT_PREDICTED.keys()


def test_every_row_has_an_opposite() -> None:
    assert [row.id for row in ROWS if not (row.loads_in or row.control or row.declared)] == []


def told(result: CompatibilityResult) -> str:
    lines = (f"{each.severity.value} {each.kind.value} {each.subject}: {each.cause}" for each in result.findings)
    return "\n".join((f"{result.runtime}: {result.compatibility.value}", *lines))
