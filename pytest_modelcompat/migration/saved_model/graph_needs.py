"""What no edit of a SavedModel answers: the way that remains for a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import dotted
from pytest_modelcompat.migration.needs.need import need_of
from pytest_modelcompat.migration.needs.ways import CODE
from pytest_modelcompat.profiles.known_names import first_tensorflow_with
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.migration import Need

if TYPE_CHECKING:
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding

_OF_NEW_GRAPHS = frozenset({Kind.UNKNOWN_ATTRIBUTE, Kind.NO_KERNEL, Kind.MISSING_ATTRIBUTE, Kind.GRAPH_VERSION})


def tensorflow_name(target: Target) -> str:
    """The TensorFlow of a target in words."""
    return f"TensorFlow {dotted(target.profile.tensorflow_version)}"


def need_of_graph(finding: Finding, target: Target, *, is_text: bool = False) -> Need:
    """The way that remains.

    Args:
        finding: of the draft, after all edits.
        target: the runtime.
        is_text: whether the graph is text.
    """
    if is_text:
        return _of_text(finding)
    if finding.kind is Kind.UNKNOWN_OP:
        return _of_op(finding, target)
    if finding.kind in _OF_NEW_GRAPHS:
        text = f"{finding.subject} has no equal in {tensorflow_name(target)}: export the model again with that version"
        return Need(finding, CODE, text)
    return need_of(finding, target)


def _of_text(finding: Finding) -> Need:
    return Need(
        finding,
        CODE,
        "the graph is text, which no edit changes: write it as saved_model.pb with TensorFlow, and migrate that",
        paste=(
            "from pathlib import Path",
            "from google.protobuf import text_format",
            "from tensorflow.core.protobuf.saved_model_pb2 import SavedModel",
            'file = Path("saved_model.pbtxt")',
            "message = text_format.Parse(file.read_text(), SavedModel())",
            'file.with_suffix(".pb").write_bytes(message.SerializeToString())',
        ),
    )


def _of_op(finding: Finding, target: Target) -> Need:
    if first_tensorflow_with(finding.subject) is None:
        return Need(finding, CODE, ": ".join((f"register the op {finding.subject}", *finding.fix[:1])))
    return Need(
        finding,
        CODE,
        f"the op {finding.subject} has no equal in {tensorflow_name(target)}: export the model again with that "
        "version, from the code that builds it",
    )
