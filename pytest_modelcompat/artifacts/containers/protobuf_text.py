"""Protobuf's text format made into its wire format, in one pass that keeps what a schema knows.

Protobuf's own parser takes minutes for a megabyte of fields that it does not know.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.wire_format import FIXED_32, VARINT, delimited, varint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_modelcompat.artifacts.budget import Budget

    # A message's name -> its fields by name: number and type, `*` before what is repeated, `|` before one of several.
    FieldsOf = Callable[[str], Mapping[str, tuple[int, str]]]

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]* | (?P<word> [A-Za-z_][\w.]* ) | (?P<number> [-+]?\.?\d[\w.+-]* )
    | (?P<quote> ["'] ) | (?P<sign> . )""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"{": "}", "<": ">", "[": "]"}
_TRUTHS = {"true": 1, "True": 1, "t": 1, "1": 1, "false": 0, "False": 0, "f": 0, "0": 0}
_DEEPEST = 100
_LONGEST_NUMBER = 100
# The clock is looked at once in so many tokens.
_BETWEEN_LOOKS = 1024


class TextError(ValueError):
    """The text is not that message; the message of this error is a clause that says where."""


@dataclass(frozen=True)
class TextSchema:
    """What is known of messages.

    Args:
        fields_of: gives a message's fields.
        enum: the numbers of the only enumeration by their names.
        enum_name: what that is called as a field's type.
    """

    fields_of: FieldsOf
    enum: Mapping[str, int]
    enum_name: str


def wire_of(message_name: str, text: str, schema: TextSchema, budget: Budget) -> bytes:
    """A message in wire format.

    Args:
        message_name: a message of the schema.
        text: the message as text; what the schema does not know is left out.
        schema: the schema.
        budget: what reading it may cost.

    Raises:
        TextError: it is damaged.
    """
    return _Parser(text, schema, budget).message(message_name, "", _DEEPEST)


class _Parser:
    """One pass over a text; `mark` is the next token, empty at the end, `kind` what it is."""

    def __init__(self, text: str, schema: TextSchema, budget: Budget) -> None:
        self.text, self.schema, self.budget = text, schema, budget
        self.position = self.count = 0
        self.mark = self.kind = ""
        self.advance()

    def advance(self) -> None:
        """Goes on to the next token, past blanks and comments."""
        self.kind = ""
        while not self.kind and self.position < len(self.text):
            self.count += 1
            if not self.count % _BETWEEN_LOOKS:
                self.budget.look()
            found = _TOKEN.match(self.text, self.position)
            assert found is not None  # noqa: S101 - any character is a token
            self.position, self.kind = found.end(), found.lastgroup or ""
            self.mark = found[0]
        if not self.kind:
            self.mark = ""

    def message(self, name: str, closing: str, depth: int) -> bytes:
        """The fields up to the closing brace."""
        if depth < 0:
            raise TextError("it is nested too deeply")
        fields, parts = self.schema.fields_of(name), list[bytes]()
        while self.mark != closing:
            if self.mark in (",", ";"):
                self.advance()
                continue
            parts += self.values(fields.get(self.name()), depth)
        self.advance()
        return b"".join(parts)

    def name(self) -> str:
        """A field's name; that of an extension stands in brackets, and no schema has it."""
        name = self.mark
        if name == "[":
            self.advance()
            self.skip_to("]")
            return name
        if self.kind != "word":
            raise TextError(f"there is no field at character {self.position:,}")
        self.advance()
        return name

    def values(self, field: tuple[int, str] | None, depth: int) -> list[bytes]:
        """What follows a field's name: one value or a list; nothing is kept of a field that is not known."""
        has_colon = self.mark == ":"
        if has_colon:
            self.advance()
        if not has_colon and self.mark not in _CLOSING:
            raise TextError(f"there is no value at character {self.position:,}")
        if field is None:
            self.skip_value()
            return []
        if self.mark != "[":
            return [self.value(field, depth)]
        self.advance()
        found = []
        while self.mark != "]":
            found.append(self.value(field, depth))
            if self.mark == ",":
                self.advance()
        self.advance()
        return found

    def value(self, field: tuple[int, str], depth: int) -> bytes:
        """A field's value in wire format."""
        number, type_ = field[0], field[1].lstrip("*|")
        if type_[0].isupper() or type_.startswith("map:"):
            self.budget.spend()
            closing = _CLOSING.get(self.mark)
            if closing is None:
                raise TextError(f"there is no message at character {self.position:,}")
            self.advance()
            return delimited(number, self.message(type_, closing, depth - 1))
        if type_ in ("string", "bytes"):
            return delimited(number, self.string())
        if type_ in ("float", "fixed32"):
            return varint(number << 3 | FIXED_32) + self.fixed(type_)
        return varint(number << 3 | VARINT) + varint(self.integer(type_) % (1 << 64))

    def integer(self, type_: str) -> int:
        """A whole number, a truth, or a name of the enumeration."""
        token = self.scalar()
        named = _TRUTHS if type_ == "bool" else self.schema.enum if type_ == self.schema.enum_name else {}
        if token in named:
            return named[token]
        try:
            value = int(token, 8 if re.fullmatch(r"[-+]?0[0-7]+", token) else 0)
        except ValueError:
            raise TextError(f"there is no number at character {self.position:,}") from None
        if not -(1 << 63) <= value < 1 << 64:
            raise TextError(f"the number at character {self.position:,} is too large")
        return value

    def fixed(self, type_: str) -> bytes:
        """A number of four bytes."""
        if type_ == "fixed32":
            return struct.pack("<L", self.integer(type_) % (1 << 32))
        token = self.scalar()
        try:
            return struct.pack("<f", float(token if token[-3:].lower() == "inf" else token.rstrip("fF")))
        except (ValueError, OverflowError):
            raise TextError(f"there is no number at character {self.position:,}") from None

    def scalar(self) -> str:
        """A word or a number, with the sign before it."""
        sign = ""
        if self.mark == "-":
            sign = "-"
            self.advance()
        token = self.mark
        if self.kind not in ("word", "number") or len(token) > _LONGEST_NUMBER:
            raise TextError(f"there is no value at character {self.position:,}")
        self.advance()
        return sign + token

    def string(self) -> bytes:
        """The strings that stand one after the other, as one."""
        from google.protobuf import text_encoding

        if self.kind != "quote":
            raise TextError(f"there is no string at character {self.position:,}")
        parts = []
        while self.kind == "quote":
            start = self.position
            self.end_string()
            parts.append(text_encoding.CUnescape(self.text[start : self.position - 1]))
            self.advance()
        return b"".join(parts)

    def end_string(self) -> None:
        """Goes behind the quote that ends a string."""
        start, quote = self.position, self.mark
        while True:
            end = self.text.find(quote, self.position)
            if end < 0:
                raise TextError(f"the string at character {start:,} does not end")
            before = self.text[self.position : end]
            self.position = end + 1
            # A backslash before the quote, unless that is itself written with one, makes it a part of the string.
            if not (len(before) - len(before.rstrip("\\"))) % 2:
                return

    def skip_value(self) -> None:
        """Goes past a value that is not looked at."""
        if self.mark in _CLOSING:
            closing = _CLOSING[self.mark]
            self.advance()
            self.skip_to(closing)
        elif self.kind == "quote":
            while self.kind == "quote":
                self.end_string()
                self.advance()
        else:
            self.scalar_unread()

    def scalar_unread(self) -> None:
        """Goes past a word or a number, whatever it is."""
        if self.mark == "-":
            self.advance()
        if self.kind not in ("word", "number"):
            raise TextError(f"there is no value at character {self.position:,}")
        self.advance()

    def skip_to(self, closing: str) -> None:
        """Goes behind a closing brace, and past all braces that are opened before it."""
        awaited = [closing]
        while awaited:
            if not self.kind:
                raise TextError("it is cut short")
            if self.kind == "quote":
                self.end_string()
            elif self.mark in _CLOSING:
                awaited.append(_CLOSING[self.mark])
            elif self.mark in ("}", ">", "]") and awaited.pop() != self.mark:
                raise TextError(f"a brace is not closed at character {self.position:,}")
            self.advance()
