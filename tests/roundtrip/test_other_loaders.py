"""What is said of the other loaders of a SavedModel beside a failure of the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory
from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.roundtrip.attempt import Attempt
from pytest_modelcompat.roundtrip.case import Case
from pytest_modelcompat.roundtrip.other_loaders import OtherLoaders
from pytest_modelcompat.roundtrip.subject import Subject
from pytest_modelcompat.runtimes.protocol import LoadResult, OtherLoadResult, ProcessExit
from pytest_modelcompat.settings.settings import Settings

FOUND = Finding(Kind.LOAD_FAILED, "model", cause="it cannot be loaded")
# As TensorFlow 2.4 says it of one and the same artifact, by the object loader and by the graph loader.
ATTRIBUTE = "NodeDef mentions attr 'debug_name' not in Op<name=VarHandleOp; signature= -> resource:resource>"
CONVERTING = f"Converting GraphDef to Graph has failed with an error: '{ATTRIBUTE}'"


def beside(message: str, process_exit: int = 0) -> str:
    """What is added where the object loader said `ATTRIBUTE` and the graph loader `message`; empty if it died."""
    error = {"type": "ValueError", "message": message, "traceback": ""} if message else None
    loaded = LoadResult(
        ProcessExit(0),
        stage="load",
        error={"type": "FileNotFoundError", "message": ATTRIBUTE, "traceback": ""},
        versions={"tensorflow": "2.4.4"},
        other_results={"graph": OtherLoadResult(ProcessExit(process_exit), error=error)},
    )
    case = Case("test_it[saved_model]", Target("saved_model"), Settings(), GoldenName(("test_it",), "test_it"))
    subject = Subject(Path("model"), "saved_model", "keras", None)
    other_loaders = OtherLoaders(Attempt(case, subject, Inventory(Path("model"), "saved_model", {}), loaded))
    (finding,) = other_loaders.with_other_loaders((FOUND,))
    return dict(finding.details).get("graph", "")


@pytest.mark.parametrize("message", [ATTRIBUTE, CONVERTING], ids=["same text", "same cause"])
def test_the_same_is_not_said_twice(message: str) -> None:
    assert beside(message) == ""


def test_another_cause_is_said() -> None:
    said = beside("GraphDef min consumer version 9 above current version 5 for TensorFlow 2.4.4.  Please upgrade.")
    assert said.startswith("the graph loader, strict as TensorFlow Serving is, fails too: its graph says that it needs")


def test_what_nobody_knows_is_quoted() -> None:
    assert beside("it is Tuesday").endswith("fails too: it is Tuesday")


def test_a_death_is_reported() -> None:
    assert "SIGSEGV while the graph loader, " in beside("", process_exit=-11)
