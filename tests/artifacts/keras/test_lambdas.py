"""Bytecode that each CPython really wrote, in Lambda layers of each format, as each Keras lays them out."""

from __future__ import annotations

import base64
import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import Inventory, read_inventory
from tests import handmade

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent.parent / "bytecode" / "data"
Version = tuple[int, int]
PYTHONS: tuple[Version, ...] = tuple((3, minor) for minor in range(6, 14))


@functools.cache
def written(version: Version) -> dict[str, bytes]:
    text = (DATA / "{}.{}.json".format(*version)).read_text()
    return {name: base64.b64decode(code) for name, code in json.loads(text).items()}


def keras_2(name: str, code: bytes) -> dict[str, Any]:
    """A Lambda layer as Keras 2.1 to 2.15 write it, in every format: base64 in lines, then defaults and closure."""
    text = base64.encodebytes(code).decode()
    return {"class_name": "Lambda", "config": {"name": name, "function": [text, None, None], "function_type": "lambda"}}


def keras_3(name: str, code: bytes) -> dict[str, Any]:
    """A Lambda layer as Keras 3 writes it, in every format."""
    function = {
        "class_name": "__lambda__",
        "config": {"code": base64.encodebytes(code).decode(), "defaults": None, "closure": None},
    }
    return handmade.layer("Lambda", name, function=function, arguments={})


def keras_1(name: str, code: bytes) -> dict[str, Any]:
    """A Lambda layer as Keras 1 writes it: the bytes themselves as text."""
    config = {"name": name, "function": code.decode("raw_unicode_escape"), "function_type": "lambda"}
    return {"class_name": "Lambda", "config": config}


def h5(folder: Path, model: dict[str, Any]) -> Path:
    return handmade.write_h5(folder / "model.h5", model)


def keras(folder: Path, model: dict[str, Any]) -> Path:
    return handmade.write_keras(folder / "model.keras", model)


def saved_model(folder: Path, model: dict[str, Any]) -> Path:
    path = handmade.write_saved_model(folder / "model", {"Mul": 1})
    metadata = json.dumps({"name": "ranker", "keras_version": "2.15.0", **model})
    node = b"".join(packed(number, text) for number, text in ((3, "root"), (4, "_tf_keras_model"), (5, metadata)))
    (path / "keras_metadata.pb").write_bytes(packed(1, node))
    return path


def packed(number: int, value: str | bytes) -> bytes:
    """A field of a protobuf message."""
    data = value.encode() if isinstance(value, str) else value
    size, length = len(data), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data


def codes(inventory: Inventory) -> dict[str, tuple[Version, ...]]:
    return {use.path[-1]: use.codes[0].written_by for use in inventory.lambdas}


@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize(
    ("write", "spell"),
    [(h5, keras_2), (h5, keras_3), (keras, keras_2), (keras, keras_3), (saved_model, keras_2)],
)
def test_each_layer_names_the_python_that_wrote_it(
    tmp_path: Path,
    version: Version,
    write: Callable[[Path, dict[str, Any]], Path],
    spell: Callable[[str, bytes], dict[str, Any]],
) -> None:
    functions = written(version)
    path = write(tmp_path, handmade.sequential(*(spell(name, code) for name, code in functions.items())))

    found = codes(read_inventory(path))

    assert found.keys() == functions.keys()
    assert [name for name in found if version not in found[name]] == []
    assert max(map(len, found.values())) <= 2


def test_python_2_in_a_model_of_keras_1(tmp_path: Path) -> None:
    functions = written((2, 7))
    path = h5(tmp_path, handmade.sequential(*(keras_1(name, code) for name, code in functions.items())))

    assert codes(read_inventory(path)) == dict.fromkeys(functions, ((2, 7),))


@pytest.mark.parametrize("key", ["module", "\\u006dodule"])
def test_a_function_beside_the_configuration_is_found_in_escapes_too(tmp_path: Path, key: str) -> None:
    path = saved_model(tmp_path, handmade.sequential(handmade.dense("price")))
    given = f'{{"class_name": "function", "config": "system", "{key}": "os"}}'
    metadata = f'{{"name": "own", "class_name": "Own", "config": {{}}, "given": {given}}}'
    node = b"".join(packed(number, text) for number, text in ((3, "root.own"), (4, "_tf_keras_layer"), (5, metadata)))
    with (path / "keras_metadata.pb").open("ab") as file:
        file.write(packed(1, node))
    assert ("os", "system") in {(each.module, each.name) for each in read_inventory(path).references}
