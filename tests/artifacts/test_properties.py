"""What holds of every file: it is read as it was written, or refused in one sentence."""

from __future__ import annotations

import contextlib
import json
import marshal
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, text_format
from hypothesis import given
from hypothesis import strategies as st

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.bytecode import read_code
from pytest_modelcompat.artifacts.bytecode.marshal_reader import read_marshalled
from pytest_modelcompat.artifacts.containers.protobuf_text import TextSchema, wire_of
from pytest_modelcompat.artifacts.containers.sstable import TableError, read_table
from pytest_modelcompat.artifacts.keras.config import read_model
from pytest_modelcompat.artifacts.keras.json_text import parse_json
from pytest_modelcompat.artifacts.text import clause
from tests.artifacts.saved_model.graphs import table
from tests.properties import PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

HEADS = (b"", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x0a\x05", b"\x08\x01\x12", b"\x80\x04", b'{"', b"node {")
CONSTANTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(st.integers(), max_size=4),
    max_leaves=8,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["class_name", "config", "layers", "module", "name", "activation", "function", "inbound_nodes"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@PROPERTY
@given(st.dictionaries(st.binary(max_size=20), st.binary(max_size=200), max_size=30))
def test_a_table_is_read_as_it_was_written(entries: dict[bytes, bytes]) -> None:
    assert list(read_table(table(sorted(entries.items())))) == sorted(entries.items())


@PROPERTY
@given(st.dictionaries(st.binary(max_size=5), st.binary(max_size=9), max_size=5), st.data())
def test_a_table_with_another_byte_is_read_or_refused(entries: dict[bytes, bytes], data: st.DataObject) -> None:
    damaged = bytearray(table(sorted(entries.items())))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(TableError):
        assert all(len(entry) == 2 for entry in read_table(bytes(damaged)))


@PROPERTY
@given(st.lists(CONSTANTS, max_size=5), st.integers(0, 4))
def test_bytecode_is_read_whatever_its_constants(constants: list[Any], version: int) -> None:
    written = (lambda x: x.shape).__code__.replace(co_consts=(None, *constants))
    (found,) = read_marshalled(marshal.dumps(written, version))
    assert (found.constants, found.names, found.instructions) == (len(constants) + 1, ("shape",), written.co_code)


@PROPERTY
@given(st.binary(max_size=300), st.sampled_from([b"", b"c", b"\xe3", b"c\0\0\0\0"]))
def test_any_bytes_are_bytecode_or_have_a_problem(data: bytes, head: bytes) -> None:
    found = read_code(head + data)
    assert bool(found.problem) != bool(found.written_by)


@PROPERTY
@given(JSON)
def test_any_configuration_is_walked_or_refused(value: Any) -> None:
    root = {"class_name": "Sequential", "config": {"name": "model", "layers": [value], "x": value}}
    parsed = parse_json(json.dumps(root), "model")
    try:
        contents = read_model(parsed, "model")
    except BrokenArtifactError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it need not be raised
        return
    assert all(isinstance(layer.class_name, str) for layer in contents.layers)


@PROPERTY
@given(
    st.lists(
        st.builds(
            descriptor_pb2.UninterpretedOption,
            identifier_value=st.text(),
            positive_int_value=st.integers(0, (1 << 64) - 1),
            negative_int_value=st.integers(-(1 << 63), -1),
            string_value=st.binary(),
            aggregate_value=st.text(),
        ),
        max_size=4,
    ),
    st.booleans(),
    st.booleans(),
)
def test_text_is_read_as_protobuf_writes_it(options: list[Any], packed: bool, as_one_line: bool) -> None:
    message = descriptor_pb2.FieldOptions(uninterpreted_option=options, packed=packed, lazy=True)
    fields = {
        "FieldOptions": {"packed": (2, "bool"), "uninterpreted_option": (999, "*Option")},
        "Option": {
            "identifier_value": (3, "string"),
            "positive_int_value": (4, "uint64"),
            "negative_int_value": (5, "int64"),
            "string_value": (7, "bytes"),
        },
    }
    text = text_format.MessageToString(message, as_one_line=as_one_line)
    found = descriptor_pb2.FieldOptions()
    found.ParseFromString(wire_of("FieldOptions", text, TextSchema(fields.__getitem__, {}, "none"), Budget()))
    message.ClearField("lazy")
    for option in message.uninterpreted_option:
        option.ClearField("aggregate_value")
    assert found == message


@PROPERTY
@given(head=st.sampled_from(HEADS), data=st.binary(max_size=400))
def test_any_file_is_read_or_refused_in_a_sentence(tmp_path: Path, head: bytes, data: bytes) -> None:
    path = tmp_path / "model"
    path.write_bytes(head + data)
    try:
        assert read_inventory(path).path == path
    except BrokenArtifactError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it need not be raised


@PROPERTY
@given(st.text(max_size=1000))
def test_a_clause_is_one_short_printable_line(text: str) -> None:
    assert clause(text).isprintable()
    assert len(clause(text)) <= 202
