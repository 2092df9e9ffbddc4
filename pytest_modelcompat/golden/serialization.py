"""A golden as the bytes of its two files, and back.

The bytes are stable: the same golden gives the same, whatever the clock, the platform or NumPy's version.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.weight_digest import weight_digests
from pytest_modelcompat.golden.arrays import read_arrays, refuse_pointer
from pytest_modelcompat.golden.files import waiting
from pytest_modelcompat.golden.golden import (
    ARRAYS_FILE,
    GOLDEN_SCHEMA,
    JSON_FILE,
    Golden,
    GoldenBrokenError,
    GoldenName,
    GoldenTooNewError,
    Packed,
)

if TYPE_CHECKING:
    from collections.abc import ItemsView, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_LONGEST_RECORD = 64 << 20
# What a layer's entry has before its sketch: class, dtype and shape, digests of the output and of the inputs.
_TEXTS_OF_LAYER = 4
# How many levels of each section are opened before an entry is written on one line: one entry, one line of
# a diff.
_LEVELS = {
    "made_by": 1,
    "inputs": 2,
    "outputs": 2,
    "statistics": 1,
    "weights": 1,
    "formats": 3,
    "layers": 2,
    "arrays": 1,
}


def serialize_golden(name: GoldenName, golden: Golden) -> dict[str, bytes]:
    """The bytes of each file by its name, the arrays first.

    Raises:
        TypeError: an array holds neither numbers nor bool, or something is not JSON-able.
        ValueError: a figure is NaN or infinite, which JSON does not know.
    """
    arrays = _arrays(golden)
    return {ARRAYS_FILE: _npz(arrays), JSON_FILE: json_bytes(_document(name, golden, arrays))}


def _arrays(golden: Golden) -> dict[str, NDArray[Any]]:
    return {
        f"{side}/{key}": _portable(array)
        for side, (_, packed) in (("inputs", golden.inputs), ("outputs", golden.outputs))
        for key, array in packed.items()
    }


def same_content(one: Golden, other: Golden) -> bool:
    """Whether two goldens record the same model: equal inputs, outputs and weights, to the last bit.

    What made them and what the formats hold may differ.
    """
    return _content(one) == _content(other)


def _content(golden: Golden) -> bytes:
    document = _document(GoldenName((), "-"), golden, _arrays(golden))
    return json_bytes({key: document[key] for key in ("inputs", "outputs", "weights", "arrays")})


def _document(name: GoldenName, golden: Golden, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    return {
        "schema": golden.schema,
        "name": [*name.folder, name.name],
        "made_by": _sorted(golden.made_by),
        "inputs": golden.inputs[0],
        "outputs": golden.outputs[0],
        "statistics": golden.statistics,
        "weights": [asdict(weight) for weight in golden.weights],
        "formats": {
            format_name: {
                part: _sorted(entries) if part in {"ops", "signatures"} else entries
                for part, entries in _sorted(section).items()
            }
            for format_name, section in _sorted(golden.formats).items()
        },
        **({"layers": golden.layers} if golden.layers else {}),
        "arrays": {key: _array_digest(arrays[key]) for key in sorted(arrays)},
    }


def _sorted(mapping: Any) -> Any:
    return dict(sorted(mapping.items())) if hasattr(mapping, "items") else mapping


def _portable(array: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if array.dtype.kind not in "biufc":
        raise TypeError(f"a golden holds numbers and bool only, not {array.dtype}")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _array_digest(array: NDArray[Any]) -> dict[str, Any]:
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
    }


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """A document as the bytes of a file that reads well in a diff: one entry, one line."""
    lines = [f" {json.dumps(key)}: {_rendered(value, _LEVELS.get(key, 0), ' ')}" for key, value in document.items()]
    # A lone surrogate has no UTF-8, but what `backslashreplace` writes for it is JSON's own escape.
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")


def _rendered(value: Any, levels: int, indent: str) -> str:
    if levels == 0 or not value or not isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + " "
    if isinstance(value, dict):
        opening, closing = "{", "}"
        entries = [
            f"{json.dumps(str(key), ensure_ascii=False)}: {_rendered(item, levels - 1, inner)}"
            for key, item in value.items()
        ]
    else:
        opening, closing = "[", "]"
        entries = [_rendered(item, levels - 1, inner) for item in value]
    return f"{opening}\n{inner}" + f",\n{inner}".join(entries) + f"\n{indent}{closing}"


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An uncompressed .npz like `numpy.savez`'s, its members sorted and without a date."""
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for key in sorted(arrays):
            member = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            with archive.open(member, "w", force_zip64=True) as file:
                file.write(_npy_header(arrays[key]))
                file.write(arrays[key].tobytes())
    return buffer.getvalue()


def _npy_header(array: NDArray[Any]) -> bytes:
    """The header of https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0.

    Written here, since NumPy's own differs between NumPy versions (room for rows to be appended).
    """
    fields = f"{{'descr': {array.dtype.str!r}, 'fortran_order': False, 'shape': {array.shape!r}, }}".encode("ascii")
    magic = b"\x93NUMPY\x01\x00"
    padding = -(len(magic) + 2 + len(fields) + 1) % 64
    header = fields + b" " * padding + b"\n"
    return magic + len(header).to_bytes(2, "little") + header


def deserialize_golden(folder: Path) -> Golden:
    """Read the golden in a folder.

    Raises:
        FileNotFoundError: there is no golden.json.
        GoldenTooNewError: a later version of this plugin recorded it.
        GoldenBrokenError: it is anything else than a whole golden.
    """
    record = folder / JSON_FILE
    try:
        return _deserialize(folder, record)
    except (FileNotFoundError, _NotTogetherError):
        # An update that was killed between its two files left the record that belongs to the new arrays.
        completed = _completed(folder, waiting(record))
        if completed is None:
            raise
        return completed


def complete_update(folder: Path) -> None:
    """Finish an update that was killed between its two files; the folder's lock is held.

    Raises:
        OSError: the record cannot be put in place.
    """
    record = folder / JSON_FILE
    if not waiting(record).is_file():
        return
    try:
        _deserialize(folder, record)
    except (FileNotFoundError, _NotTogetherError):
        if _completed(folder, waiting(record)) is not None:
            waiting(record).replace(record)
    except GoldenBrokenError:
        return


class _NotTogetherError(GoldenBrokenError):
    """The record is that of other arrays."""


def _completed(folder: Path, record: Path) -> Golden | None:
    try:
        return _deserialize(folder, record) if record.is_file() else None
    except (OSError, GoldenBrokenError):
        return None


def _deserialize(folder: Path, record: Path) -> Golden:
    from pytest_modelcompat.loader.tensors import unpack

    document = read_document(record)
    arrays = read_arrays(folder / ARRAYS_FILE)
    try:
        golden = _golden(document, arrays)
        digests = document["arrays"]
        kept = all(_array_digest(_portable(arrays[key])) == digest for key, digest in digests.items())
        if not golden.outputs[1]:
            raise GoldenBrokenError(f"{record} holds no output: there is nothing to compare with.")
        for structure, packed in (golden.inputs, golden.outputs):
            unpack(dict(structure), packed)
    except KeyError as error:
        raise GoldenBrokenError(f"{folder} is an incomplete golden: it has no {error}.") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise GoldenBrokenError(f"{record} is not laid out as a golden is: {error}.") from error
    if not kept or digests.keys() != arrays.keys():
        raise _NotTogetherError(f"{JSON_FILE} and {ARRAYS_FILE} in {folder} were not recorded together.")
    return golden


def read_document(path: Path) -> dict[str, Any]:
    """What a golden.json says.

    Raises:
        FileNotFoundError: there is none.
        GoldenBrokenError: it is not one, or a later version's.
    """
    if path.stat().st_size > _LONGEST_RECORD:
        raise GoldenBrokenError(f"{path} is longer than {_LONGEST_RECORD >> 20} MiB, which no golden's record is.")
    data = path.read_bytes()
    refuse_pointer(path, data)
    try:
        document = json.loads(data)
    except RecursionError:
        raise GoldenBrokenError(f"{path} is not a golden: it is nested too deeply.") from None
    except ValueError as error:
        merge = " (it contains merge conflict markers)" if b"\n<<<<<<< " in data else ""
        # Python says of a number of thousands of digits which setting would read it.
        why = str(error).partition(";")[0]
        raise GoldenBrokenError(f"{path} is not valid JSON{merge}: {why}.") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, int):
        raise GoldenBrokenError(f"{path} is not a golden: it names no schema.")
    if schema > GOLDEN_SCHEMA:
        raise GoldenTooNewError(
            f"{path} was recorded by a later pytest-modelcompat (schema {schema}; this one knows {GOLDEN_SCHEMA}): "
            "update the plugin."
        )
    return dict(document)


def _golden(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Golden:
    return Golden(
        made_by=dict(_entries("made_by", document["made_by"])),
        inputs=_packed("inputs", document, arrays),
        outputs=_packed("outputs", document, arrays),
        statistics=dict(_entries("statistics", document["statistics"])),
        weights=weight_digests(document["weights"]),
        formats=_formats(document["formats"]),
        layers=_layers(document.get("layers", {})),
        schema=document["schema"],
    )


def _formats(formats: Any) -> dict[str, dict[str, Any]]:
    for name, section in _entries("formats", formats):
        for part, kind in (("layers", str), ("ops", int), ("signatures", dict)):
            for entry, value in _entries(f"{part} of {name}", section[part]):
                if not isinstance(value, kind):
                    raise TypeError(f"{entry} among the {part} of {name} is {value!r}")
    return dict(formats)


def _layers(layers: Any) -> dict[str, Any]:
    for key, entry in _entries("layers", layers):
        _entries(f"{key} of layers", entry)
    for key, entry in layers.get("outputs", {}).items():
        *texts, sketch = entry
        if len(texts) != _TEXTS_OF_LAYER or not all(isinstance(each, str) for each in texts):
            raise TypeError(f"{key} among the layers is {entry!r}")
        for number in sketch:
            if not isinstance(number, int | float):
                raise TypeError(f"the sketch of {key} among the layers has {number!r}")
    return dict(layers)


def _entries(what: str, mapping: Any) -> ItemsView[str, Any]:
    if not isinstance(mapping, dict):
        raise TypeError(f"{what} is {mapping!r}, not a table")
    return mapping.items()


def _packed(side: str, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Packed:
    prefix = f"{side}/"
    return document[side], {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
