"""Numbers of as many bytes as they need, which three readers share."""

from __future__ import annotations

import pytest

from pytest_modelcompat.artifacts.containers.wire_format import delimited, read_varint, varint


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
