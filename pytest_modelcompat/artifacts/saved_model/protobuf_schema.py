"""The part of TensorFlow's protobuf schema that reading a SavedModel needs.

It is built in pools of its own: TensorFlow registers the same names in the default pool, and a process may
use both. Field numbers are TensorFlow's wire format, which never changes them. Unlisted fields are skipped.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.budget import Budget, BudgetSpentError
from pytest_modelcompat.artifacts.containers.wire_format import delimited_fields
from pytest_modelcompat.artifacts.dtypes import enum_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.containers.protobuf_text import TextSchema

ENTRY = "*entry"
_PACKAGE = "modelcompat"
_DTYPE = "dtype"
_MAP, _MAP_ENTRY = "map:", "MapEntry"
# Parsed messages and entries of maps; the largest graphs have a fifth of it.
MOST_MESSAGES = 300_000
# A part of so many bytes is small; a message takes at least two, its tag and its length.
_SMALL, _SMALLEST = 512, 2
# Around the graph, which protobuf would copy with each of them.
_AROUND = frozenset({"SavedModel", "MetaGraphDef"})
# Protobuf itself reads a hundred messages in each other.
_DEEPEST = 100

# message -> field -> (number, type): `*` repeated, `map:` a map from string, `|` one of the fields of a oneof named
# `value`, else a scalar or a message. `*entry` is a map whose entries stay packed: most entries of a graph are equal,
# and are worth unpacking only once. `~` is a message that stays packed for that reason too. A `dtype` is a number with
# a name.
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "SavedModel": {"saved_model_schema_version": (1, "int64"), "meta_graphs": (2, "*MetaGraphDef")},
    "MetaGraphDef": {
        "meta_info_def": (1, "MetaInfoDef"),
        "graph_def": (2, "GraphDef"),
        "saver_def": (3, "SaverDef"),
        "collection_def": (4, "map:CollectionDef"),
        "signature_def": (5, "map:SignatureDef"),
        "asset_file_def": (6, "*AssetFileDef"),
        "object_graph_def": (7, "SavedObjectGraph"),
    },
    "MetaInfoDef": {
        "stripped_op_list": (2, "OpList"),
        "tags": (4, "*string"),
        "tensorflow_version": (5, "string"),
    },
    "GraphDef": {
        "node": (1, "*NodeDef"),
        "library": (2, "FunctionDefLibrary"),
        "versions": (4, "VersionDef"),
    },
    "VersionDef": {
        "producer": (1, "int32"),
        "min_consumer": (2, "int32"),
        "bad_consumers": (3, "*int32"),
    },
    "NodeDef": {"name": (1, "string"), "op": (2, "string"), "input": (3, "*string"), "attr": (5, ENTRY)},
    "SaverDef": {"filename_tensor_name": (1, "string")},
    "AttrEntry": {"key": (1, "string"), "value": (2, "AttrValue")},
    # The same entries, asked for what is seldom of interest: the text of a constant.
    "TextEntry": {"key": (1, "string"), "value": (2, "TextValue")},
    "TextValue": {"tensor": (8, "TextTensor")},
    "TextTensor": {"string_val": (8, "*bytes")},
    "CalledFunction": {"name": (1, "string")},
    "AttrValue": {
        "list": (1, "|ListValue"),
        "s": (2, "|bytes"),
        "i": (3, "|int64"),
        "f": (4, "|float"),
        "b": (5, "|bool"),
        "type": (6, "|dtype"),
        "shape": (7, "|TensorShapeProto"),
        "tensor": (8, "|Something"),
        "placeholder": (9, "|string"),
        "func": (10, "|CalledFunction"),
    },
    "ListValue": {
        "s": (2, "*bytes"),
        "i": (3, "*int64"),
        "f": (4, "*float"),
        "b": (5, "*bool"),
        "type": (6, "*dtype"),
        "shape": (7, "*TensorShapeProto"),
        "tensor": (8, "*Something"),
        "func": (9, "*CalledFunction"),
    },
    "Something": {},
    "FunctionDefLibrary": {"function": (1, "*FunctionDef")},
    "FunctionDef": {"signature": (1, "FunctionSignature"), "node_def": (3, "*NodeDef")},
    "FunctionSignature": {"name": (1, "string"), "input_arg": (2, "*ArgumentDef")},
    "ArgumentDef": {"name": (1, "string")},
    "OpList": {"op": (1, "*OpDef")},
    "OpDef": {"name": (1, "string"), "attr": (4, "*AttrDef")},
    "AttrDef": {"name": (1, "string"), "default_value": (3, "AttrValue")},
    "SignatureDef": {"inputs": (1, "map:TensorInfo"), "outputs": (2, "map:TensorInfo")},
    "TensorInfo": {
        "name": (1, "string"),
        "dtype": (2, "dtype"),
        "tensor_shape": (3, "TensorShapeProto"),
        "coo_sparse": (4, "CooSparse"),
        "composite_tensor": (5, "CompositeTensor"),
    },
    "CooSparse": {"values_tensor_name": (1, "string")},
    "CompositeTensor": {"components": (2, "*TensorInfo")},
    "TensorShapeProto": {"dim": (2, "*Dim"), "unknown_rank": (3, "bool")},
    "Dim": {"size": (1, "int64")},
    "CollectionDef": {"any_list": (5, "AnyList")},
    "AnyList": {"value": (1, "*Packed")},
    "Packed": {"type_url": (1, "string"), "value": (2, "bytes")},
    "AssetFileDef": {"tensor_info": (1, "TensorInfo"), "filename": (2, "string")},
    "SavedObjectGraph": {"nodes": (1, "*TrackedObject"), "concrete_functions": (2, "map:ConcreteFunction")},
    "ConcreteFunction": {"bound_inputs": (2, "*int32")},
    "TrackedObject": {
        "children": (1, "*ObjectReference"),
        "slot_variables": (3, "*Something"),
        "user_object": (4, "SavedUserObject"),
        "asset": (5, "Something"),
        "constant": (9, "SavedConstant"),
        "captured_tensor": (12, "Something"),
        "registered_name": (13, "string"),
    },
    "ObjectReference": {"node_id": (1, "int32"), "local_name": (2, "string")},
    "SavedConstant": {"operation": (1, "string")},
    "SavedUserObject": {"identifier": (1, "string"), "metadata": (3, "string")},
    "FingerprintDef": {"saved_model_checksum": (1, "uint64")},
    "BundleHeader": {"shard_count": (1, "int32")},
    "BundleEntry": {
        "dtype": (1, "dtype"),
        "shape": (2, "~TensorShapeProto"),
        "shard_id": (3, "int32"),
        "offset": (4, "int64"),
        "size": (5, "int64"),
        "crc32c": (6, "fixed32"),
        "slices": (7, "*Something"),
    },
    # An entry of any map, its value packed.
    _MAP_ENTRY: {"key": (1, "string"), "value": (2, "bytes")},
    "SavedMetadata": {"nodes": (1, "*SavedObject")},
    "SavedObject": {
        "node_id": (2, "int32"),
        "node_path": (3, "string"),
        "identifier": (4, "string"),
        "metadata": (5, "string"),
    },
}


def parse(message_name: str, data: bytes, *, is_shallow: bool = False) -> Any:
    """Parses a message.

    Args:
        message_name: a message of the table above.
        data: its wire format.
        is_shallow: whether the messages in it that there can be many of stay packed.

    Raises:
        ValueError: the data is not that message.
    """
    message = _message_class(message_name, is_shallow=is_shallow)()
    try:
        message.ParseFromString(data)
    except _decode_error() as error:
        raise ValueError(str(error)) from error
    return message


@cache
def _decode_error() -> type[Exception]:
    from google.protobuf.message import DecodeError

    error: type[Exception] = DecodeError
    return error


def parse_text(message_name: str, text: str, budget: Budget | None = None) -> Any:
    """Parses a message in protobuf's text format.

    Args:
        message_name: as for `parse`.
        text: the text, in which unlisted fields are skipped too.
        budget: what reading it may cost.

    Raises:
        ValueError: the text is not that message.
    """
    from pytest_modelcompat.artifacts.containers.protobuf_text import wire_of

    packed = wire_of(message_name, text, _text_schema(), budget or Budget())
    refuse_many_messages(message_name, packed)
    return parse(message_name, packed)


@cache
def _text_schema() -> TextSchema:
    from pytest_modelcompat.artifacts.containers.protobuf_text import TextSchema

    return TextSchema(_fields_in_text, {name: number for number, name in enum_names().items()}, _DTYPE)


@cache
def _fields_in_text(name: str) -> Mapping[str, tuple[int, str]]:
    """A message's fields by name; in text, nothing is packed."""
    if name.startswith(_MAP):
        return {"key": (1, "string"), "value": (2, name.removeprefix(_MAP))}
    fields = {
        field: (number, "map:AttrValue" if type_ == ENTRY else type_.lstrip("~"))
        for field, (number, type_) in _MESSAGES[name].items()
    }
    # Of a packed entry the text of a constant is asked for later; what is left out of a text here is gone.
    return {**fields, **_MESSAGES["TextValue"]} if name == "AttrValue" else fields


def refuse_many_messages(message_name: str, data: bytes) -> None:
    """Refuses what would be more messages in memory than any model has: a part of two bytes becomes one of hundreds.

    Args:
        message_name: as for `parse`.
        data: its wire format.

    Raises:
        ValueError: the data is not that message.
        BudgetSpentError: it is too much.
    """
    # A look into each small part is worth its time only where a guess says that there may be too many.
    if _count(message_name, data, _SMALL) > MOST_MESSAGES and _count(message_name, data, 0) > MOST_MESSAGES:
        raise BudgetSpentError(f"it has more than {MOST_MESSAGES:,} parts")


def _count(message_name: str, data: bytes, small: int) -> int:
    """How many messages are in a message, until they are too many; in a part that is small, the most there can be."""
    count = 0
    waiting: list[tuple[str, Any, int]] = [(message_name, memoryview(data), 0)]
    while waiting and count <= MOST_MESSAGES:
        name, body, depth = waiting.pop()
        if isinstance(body, bytes) and len(body) <= small:
            count += len(body) // _SMALLEST
            continue
        if depth > _DEEPEST:
            raise ValueError("its messages are nested too deeply")
        for type_, parts in _messages_in(name, body):
            count += len(parts)
            if _is_worth_a_look(type_):
                waiting += [(type_, part, depth + 1) for part in parts]
    return count


def _messages_in(name: str, body: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    """The messages right in a message, parsed or packed, with their types."""
    types = message_fields(name)
    if name in _AROUND and isinstance(body, memoryview):
        fields = ((number, (part,)) for number, part in delimited_fields(body) if number in types)
    else:
        message = parse(name, bytes(body), is_shallow=True) if isinstance(body, bytes | memoryview) else body
        fields = (
            (field.number, value if types[field.number].startswith(("*", _MAP)) else (value,))
            for field, value in message.ListFields()
        )
    for number, parts in fields:
        type_ = types[number].lstrip("*|")
        if _holds_messages(type_):
            yield type_, parts


@cache
def _is_worth_a_look(type_: str) -> bool:
    """Whether a message can have messages in it."""
    return any(_holds_messages(each.lstrip("*|")) for each in message_fields(type_).values())


def _holds_messages(type_: str) -> bool:
    return type_[0].isupper() or type_.startswith(_MAP)


@cache
def message_fields(name: str) -> dict[int, str]:
    """What the schema knows of a message's fields that are not plain numbers: number -> type as in the table above."""
    if name.startswith(_MAP):
        return {1: "string", 2: name.removeprefix(_MAP)}
    return dict(_MESSAGES[name].values())


@cache
def _message_class(name: str, *, is_shallow: bool = False) -> Any:
    from google.protobuf import message_factory

    name = _MAP_ENTRY if name.startswith(_MAP) else name
    descriptor = _pool(is_shallow=is_shallow).FindMessageTypeByName(f"{_PACKAGE}.{name}")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    # protobuf 4.21 has no other way.
    return message_factory.MessageFactory(_pool(is_shallow=is_shallow)).GetPrototype(descriptor)


@cache
def _pool(*, is_shallow: bool) -> Any:
    """The messages; if they are shallow, those that there can be many of stay packed."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    file = descriptor_pb2.FileDescriptorProto(name="modelcompat.proto", package=_PACKAGE, syntax="proto3")
    dtypes = file.enum_type.add(name=_DTYPE)
    for number, name in enum_names().items():
        dtypes.value.add(name=name, number=number)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, (number, type_) in fields.items():
            _add_field(message, field_name, number, _packed(type_) if is_shallow else type_)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _packed(type_: str) -> str:
    """A field's type with what can be many messages left as bytes."""
    is_many = type_.startswith(("*", _MAP)) and _holds_messages(type_.lstrip("*"))
    return "*bytes" if is_many else type_


def _add_field(message: Any, name: str, number: int, type_: str) -> None:
    if type_.startswith("map:"):
        entry = message.nested_type.add(name=_entry_name(name))
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, type_.removeprefix("map:"))
        type_ = f"*{message.name}.{entry.name}"
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_REPEATED if type_.startswith("*") else field.LABEL_OPTIONAL
    if type_.startswith("|"):
        _join_oneof(message, field)
    base = "bytes" if type_ == ENTRY or type_.startswith("~") else type_.lstrip("*|")
    if base == _DTYPE:
        field.type = field.TYPE_ENUM
        field.type_name = f".{_PACKAGE}.{base}"
    elif base[0].islower():
        field.type = getattr(field, f"TYPE_{base.upper()}")
    else:
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{base}"


def _join_oneof(message: Any, field: Any) -> None:
    if not message.oneof_decl:
        message.oneof_decl.add(name="value")
    field.oneof_index = 0


def _entry_name(field_name: str) -> str:
    """The name protobuf insists on for a map's entry message."""
    return "".join(part.capitalize() for part in field_name.split("_")) + "Entry"
