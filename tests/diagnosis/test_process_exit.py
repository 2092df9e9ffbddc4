"""How a loader's child ended, told without starting one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LambdaUse, LayerUse
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit

FAULT = """Fatal Python error: Segmentation fault

Current thread 0x00007f0a (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/home/me/shop/layers.py", line 2 in <module>

Extension modules: numpy
"""


def tell(ending: ProcessExit, *, stage: str = "load", log: str = "", saved: str = "", **inventory: Any) -> Finding:
    contents = Inventory(Path("m.h5"), "h5", {"keras": saved} if saved else {}, **inventory)
    versions = {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.13.1"}
    return diagnose(
        LoadResult(ending, stage=stage, log=log), DiagnosisContext("a/m.h5", "h5", contents, versions, 60.0)
    )


def test_segfault_names_signal_stage_and_frames() -> None:
    finding = tell(ProcessExit(-11), log=FAULT)
    assert finding.kind is Kind.LOADER_CRASHED
    assert finding.cause == "the loader died of SIGSEGV while it loaded the artifact"
    innermost = "string_at (ctypes/__init__.py:519), called by <module> (shop/layers.py:2)"
    assert finding.details == (("signal", "SIGSEGV"), ("innermost", innermost))
    assert finding.quote == "Fatal Python error: Segmentation fault"


def test_crash_with_bytecode_says_so() -> None:
    finding = tell(ProcessExit(-11), lambdas=(LambdaUse(("tower", "double"), has_bytecode=True),))
    assert 'Python bytecode in Lambda layer "tower/double"' in finding.cause
    assert "this is CPython 3.13" in finding.cause
    assert finding.blame is Blame.WRITER


def test_crash_while_importing_is_not_put_on_bytecode() -> None:
    finding = tell(ProcessExit(-11), stage="start", lambdas=(LambdaUse(("double",), has_bytecode=True),))
    assert "bytecode" not in finding.cause
    assert "while it imported" in finding.cause


def test_crash_over_the_training_state_says_what_it_read() -> None:
    cause = "the loader died of SIGSEGV while it read the loaded model's optimizer and compile config"
    assert tell(ProcessExit(-11), stage="training").cause == cause


@pytest.mark.parametrize(
    ("ending", "log", "kind", "says"),
    [
        (ProcessExit(-9, timed_out=True), "", Kind.LOADER_TIMED_OUT, "stopped after 60 s"),
        (ProcessExit(-9, oom_killed=True), "", Kind.OUT_OF_MEMORY, "the kernel killed the loader"),
        (ProcessExit(-9), "", Kind.LOADER_CRASHED, "SIGKILL.*from outside"),
        (ProcessExit(-4), "", Kind.LOADER_CRASHED, "SIGILL.*processor"),
        (ProcessExit(-250), "", Kind.LOADER_CRASHED, "signal 250"),
        (ProcessExit(-6), "what():  std::bad_alloc\n", Kind.OUT_OF_MEMORY, "memory ran out"),
        (ProcessExit(-6), "boom\n", Kind.LOADER_CRASHED, "SIGABRT"),
        (ProcessExit(3), "bye\n", Kind.LOADER_EXITED, "code 3"),
        (ProcessExit(0), "", Kind.LOADER_EXITED, "code 0"),
    ],
)
def test_ending(ending: ProcessExit, log: str, kind: Kind, says: str) -> None:
    finding = tell(ending, log=log)
    assert finding.kind is kind
    assert re.search(says, finding.cause), finding.cause


def test_last_log_line_is_reported_where_there_is_no_stack() -> None:
    assert ("last said", "bye") in tell(ProcessExit(3), log="hello\nbye\n\n").details


def test_hang_of_a_nested_keras_2_model() -> None:
    finding = tell(ProcessExit(-9, timed_out=True), saved="2.15.0", layers=(LayerUse("Functional", ("tower",)),))
    assert "never finishes loading a Keras 2 .h5" in finding.cause
    assert any("tf_keras" in line for line in finding.fix)
    assert "timeout=120" in finding.fix[-1]


def test_hang_of_a_lambda() -> None:
    finding = tell(ProcessExit(-9, timed_out=True), lambdas=(LambdaUse(("double",), has_bytecode=True),))
    assert 'bytecode in Lambda layer "double"' in finding.cause


@pytest.mark.parametrize("number", [*range(1, 32), 250])
@pytest.mark.parametrize("stage", ["start", "load", "predict", "graph", "training", "done"])
@pytest.mark.parametrize("log", ["", FAULT])
def test_every_crash_says_what_to_do(number: int, stage: str, log: str) -> None:
    assert tell(ProcessExit(-number), stage=stage, log=log).fix


def test_an_exit_at_import_and_one_of_the_model_have_other_fixes() -> None:
    assert "runs at import" in tell(ProcessExit(3), stage="start").fix[0]
    assert tell(ProcessExit(3), stage="predict").fix[0].startswith("raise an exception instead")
