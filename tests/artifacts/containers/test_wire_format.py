"""Numbers of as many bytes as they need, which three readers share."""

from __future__ import annotations

import pytest

from pytest_modelcompat.artifacts.containers.wire_format import delimited, delimited_fields, read_varint, varint


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 1 << 32, (1 << 64) - 1])
def test_a_number_is_read_as_it_was_written(number: int) -> None:
    written = varint(number)
    assert read_varint(b"\xff" + written + b"\x05", 1) == (number, 1 + len(written))
    assert read_varint(memoryview(written), 0) == (number, len(written))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10 + b"\x01"], ids=["none", "cut short", "more than 64 bits"])
def test_a_number_without_an_end_ends_nowhere(data: bytes) -> None:
    assert read_varint(data, 0)[1] == 0


def test_a_field_says_how_long_its_value_is() -> None:
    assert delimited(2, b"abc") == b"\x12\x03abc"


def test_the_fields_of_a_message_that_say_how_long_they_are() -> None:
    between = b"\x08\xac\x02" + b"\x15abcd" + b"\x19abcdefgh"
    message = delimited(2, b"abc") + between + delimited(300, b"") + between + delimited(2, b"x" * 200)
    found = [(number, bytes(value)) for number, value in delimited_fields(memoryview(message))]
    assert found == [(2, b"abc"), (300, b""), (2, b"x" * 200)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x12",
        b"\x12\x05ab",
        b"\x12\x80",
        b"\x80",
        b"\x08",
        b"\x08\x80",
        b"\x15abc",
        b"\x19abcdefg",
        b"\x0bx",
        b"\x0fx",
    ],
)
def test_a_damaged_message_has_no_fields(data: bytes) -> None:
    for before in (b"", delimited(1, b"sound")):
        with pytest.raises(ValueError, match="a part of it does not end with it"):
            list(delimited_fields(memoryview(before + data)))
