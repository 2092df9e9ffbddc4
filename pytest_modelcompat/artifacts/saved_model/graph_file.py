"""Reading saved_model.pb or saved_model.pbtxt into messages, whatever they hold of tensors."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.containers.protobuf_kinds import GRAPH_DEF, META_GRAPH, protobuf_kind
from pytest_modelcompat.artifacts.containers.protobuf_wire import WireError, without_tensor_values
from pytest_modelcompat.artifacts.descriptions import describe_placeholder
from pytest_modelcompat.artifacts.detection import SAVED_MODEL_FILES
from pytest_modelcompat.artifacts.inventory import ArtifactWithoutModelError, BrokenArtifactError
from pytest_modelcompat.artifacts.limits import LARGEST_PARSED, LARGEST_TEXT, megabytes
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse, parse_text, refuse_many_messages
from pytest_modelcompat.artifacts.text import clause

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget

_BINARY, _TEXT = SAVED_MODEL_FILES
_HEAD = 512


def read_meta_graphs(folder: Path, budget: Budget) -> Any:
    """The `MetaGraphDef` messages of a SavedModel.

    Args:
        folder: holds saved_model.pb, which comes first as with TensorFlow, or saved_model.pbtxt.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: it is damaged, or larger than any model's.
        ArtifactWithoutModelError: it is a graph that only bears the name.
    """
    file = folder / _BINARY
    if file.is_file():
        _refuse_bare_graph(file)
        graphs = read_message(file, "SavedModel", "a SavedModel", budget).meta_graphs
    else:
        file = folder / _TEXT
        graphs = read_text_message(file, "SavedModel", "a SavedModel", budget).meta_graphs
    if not graphs:
        raise BrokenArtifactError(f"{file} is corrupt: it is a SavedModel without a graph")
    return graphs


def read_message(file: Path, message_name: str, what: str, budget: Budget) -> Any:
    """A message that fills a file.

    Args:
        file: an existing file.
        message_name: a message of the schema.
        what: what it is, as in "it does not parse as `a SavedModel`".
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: it is damaged, or larger than any model's.
    """
    try:
        return parse(message_name, read_thinned(file, message_name, what, budget))
    except ValueError as error:
        raise _not_parsed(file, what) from error


def read_thinned(file: Path, message_name: str, what: str, budget: Budget) -> bytes:
    """The wire format of a message that fills a file, of a large one without its tensors.

    Args:
        file: an existing file.
        message_name: a message of the schema.
        what: as for `read_message`.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: it is damaged, or larger than any model's.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        _refuse_undelivered(file, opened.read(_HEAD))
        opened.seek(0)
        try:
            if size <= LARGEST_PARSED:
                kept = opened.read()
            else:
                with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
                    kept = without_tensor_values(message_name, data, budget)
            refuse_many_messages(message_name, kept)
        except WireError as error:
            raise BrokenArtifactError(f"{file} is truncated or corrupt: {error}") from error
        except ValueError as error:
            raise _not_parsed(file, what) from error
    return kept


def _not_parsed(file: Path, what: str) -> BrokenArtifactError:
    return BrokenArtifactError(f"{file} is truncated or corrupt: it does not parse as {what}")


def read_text_message(file: Path, message_name: str, what: str, budget: Budget) -> Any:
    """A message in protobuf's text format that fills a file.

    Args:
        file: an existing file.
        message_name: a message of the schema.
        what: what it is, as in "it does not parse as `a SavedModel`".
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: it is damaged, or larger than any model's.
    """
    if file.stat().st_size > LARGEST_TEXT:
        raise BrokenArtifactError(f"{file} is larger than {megabytes(LARGEST_TEXT)}, which is the limit for text")
    data = file.read_bytes()
    _refuse_undelivered(file, data[:_HEAD])
    try:
        return parse_text(message_name, data.decode("utf-8"), budget)
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is corrupt: it does not parse as {what} ({clause(error)})") from error


def _refuse_bare_graph(file: Path) -> None:
    kind = protobuf_kind(file)
    if kind in (GRAPH_DEF, META_GRAPH):
        raise ArtifactWithoutModelError(
            f"{file} is a {kind}, a graph alone under the name of a SavedModel's file; give it another name, such as "
            "graph.pb, and that file"
        )


def _refuse_undelivered(file: Path, head: bytes) -> None:
    never_delivered = describe_placeholder(file, head)
    if never_delivered:
        raise BrokenArtifactError(never_delivered)
