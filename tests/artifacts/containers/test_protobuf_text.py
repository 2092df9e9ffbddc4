"""Protobuf's text format: what is kept of it is what protobuf's own parser reads."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, text_format

from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.containers.protobuf_text import TextError, TextSchema, wire_of
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text

FIELDS = {
    "FieldOptions": {"packed": (2, "bool"), "uninterpreted_option": (999, "*Option")},
    "Option": {
        "identifier_value": (3, "string"),
        "positive_int_value": (4, "uint64"),
        "negative_int_value": (5, "int64"),
        "string_value": (7, "bytes"),
    },
}
SCHEMA = TextSchema(FIELDS.__getitem__, {}, "none")


def read(text: str) -> Any:
    message = descriptor_pb2.FieldOptions()
    message.ParseFromString(wire_of("FieldOptions", text, SCHEMA, Budget()))
    return message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "packed: true",
        "packed: f, uninterpreted_option { }",
        "# nothing\npacked: 1; # more\n",
        "uninterpreted_option < positive_int_value: 0x1F > uninterpreted_option: { negative_int_value: -017 }",
        "uninterpreted_option: [{ positive_int_value: 7 }, { negative_int_value: -9223372036854775808 }]",
        r"""uninterpreted_option { string_value: "a\"\\" 'b\'"'  "\001\xff\n\u00e9" identifier_value: "ä#}" }""",
    ],
)
def test_it_is_read_as_protobuf_reads_it(text: str) -> None:
    expected = text_format.Parse(text, descriptor_pb2.FieldOptions())
    assert read(text) == expected


@pytest.mark.parametrize(
    "unknown",
    [
        "x: 1",
        "x: -inf y: 1.5e-7f",
        "x { y: { z: '}' } }",
        "x: [1, 2, [3]] y: []",
        '[some.extension] { a: "]" }',
        "[type.googleapis.com/a.b] < c: 1 >",
        'x: "a" "b" y: NAME # }\n',
    ],
)
def test_what_no_schema_knows_is_left_out(unknown: str) -> None:
    assert read(f"{unknown} packed: true {unknown}") == read("packed: true")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("packed", "there is no value at character 6"),
        ("packed: maybe", "there is no number"),
        ("packed: true }", "there is no field"),
        ("uninterpreted_option: 1", "there is no message"),
        ("uninterpreted_option {", "there is no field"),
        ("uninterpreted_option { positive_int_value: " + "9" * 40 + " }", "the number at character 85 is too large"),
        ("uninterpreted_option { positive_int_value: " + "9" * 5000 + " }", "there is no value"),
        ("uninterpreted_option { identifier_value: 1 }", "there is no string"),
        ('uninterpreted_option { identifier_value: "a\\" }', "does not end"),
        ("x { y [ }", "a brace is not closed"),
        ("x { y", "it is cut short"),
        ("x: ", "there is no value"),
    ],
)
def test_damage_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(TextError, match=said):
        read(text)


def test_messages_nested_without_end() -> None:
    text = "meta_graphs { signature_def { value { inputs { value { " + "composite_tensor { components { " * 60
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_text("SavedModel", text)
