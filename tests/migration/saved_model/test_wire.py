"""A message with changed fields keeps every other byte."""

from __future__ import annotations

import pytest

from pytest_modelcompat.artifacts.containers.wire_format import delimited, varint
from pytest_modelcompat.migration.saved_model.wire import rewritten, wire_fields, within

# A number, a message with a text and a field of no known number, four and eight bytes, and a number that takes more
# bytes than it needs.
INNER = delimited(2, b"Relu") + delimited(900, b"kept")
MESSAGE = b"\x08\x96\x01" + delimited(1, INNER) + b"\x3d1234" + b"\x4112345678" + b"\x08\x81\x80\x00"


def test_what_no_handler_changes_is_not_written_again() -> None:
    assert rewritten(memoryview(MESSAGE), {1: lambda _: None}) is None
    assert rewritten(memoryview(MESSAGE), {7: lambda _: []}) is None


def test_every_other_byte_is_kept() -> None:
    handlers = {1: within(1, {2: lambda _: [delimited(2, b"NoOp!")]})}
    chunks = rewritten(memoryview(MESSAGE), handlers)
    assert chunks is not None
    assert b"".join(chunks) == MESSAGE.replace(
        delimited(1, INNER), delimited(1, INNER.replace(b"\x04Relu", b"\x05NoOp!"))
    )


def test_a_field_is_left_out() -> None:
    chunks = rewritten(memoryview(MESSAGE), {1: lambda _: []})
    assert chunks is not None
    assert b"".join(chunks) == MESSAGE.replace(delimited(1, INNER), b"")


@pytest.mark.parametrize(
    "damaged",
    [
        b"\x0a\x05abc",
        b"\x0a",
        b"\x08",
        b"\x3d12",
        b"\x0b",
        b"\x0a" + varint(1 << 40),
        b"\xff" * 12,
    ],
)
def test_a_damaged_message_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="does not end with it"):
        list(wire_fields(memoryview(damaged)))
