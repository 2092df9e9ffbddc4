"""What a golden says of layers: read as it was written, absent in one of before, refused where it is something else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.golden.golden import JSON_FILE, GoldenBrokenError
from tests.golden.goldens import NAME, a_golden, same, write

if TYPE_CHECKING:
    from pytest_modelcompat.golden.store import GoldenStore

LAYERS = {
    "made_by": {"keras": "3.15.1", "tensorflow": "2.21.0"},
    "outputs": {
        "encoder/dense": ["Dense", "float32 (4, 8)", "0a1b2c3d", "99887766", [0.5, 1.25, -3.0]],
        "words#2:1": ["StringLookup", "string (4)", "0a1b2c3d", "99887766", []],
    },
}


def test_it_is_read_as_it_was_written_an_output_a_line(store: GoldenStore) -> None:
    write(store, NAME, a_golden(layers=LAYERS))
    assert same(store.read(NAME), a_golden(layers=LAYERS))
    text = (store.folder(NAME) / JSON_FILE).read_text(encoding="utf-8")
    line = '"encoder/dense": ["Dense", "float32 (4, 8)", "0a1b2c3d", "99887766", [0.5, 1.25, -3.0]],'
    assert line in map(str.strip, text.splitlines())
    assert not write(store, NAME, store.read(NAME))


def test_a_golden_of_before_has_none_and_keeps_its_bytes(store: GoldenStore) -> None:
    write(store, NAME, a_golden())
    record = store.folder(NAME) / JSON_FILE
    assert "layers" not in json.loads(record.read_bytes())
    assert store.read(NAME).layers == {}
    assert not write(store, NAME, store.read(NAME))


@pytest.mark.parametrize(
    "layers",
    [
        [],
        {"outputs": []},
        {"outputs": {"dense": "Dense"}},
        {"outputs": {"dense": ["Dense", "float32 (4, 8)", "0a1b2c3d", [0.5]]}},
        {"outputs": {"dense": ["Dense", "float32 (4, 8)", "0a1b2c3d", 1, [0.5]]}},
        {"outputs": {"dense": ["Dense", "float32 (4, 8)", "0a1b2c3d", "99887766", ["much"]]}},
        {"outputs": {"dense": ["Dense", "float32 (4, 8)", "0a1b2c3d", "99887766", None]}},
        {"made_by": "me"},
    ],
)
def test_anything_else_is_no_golden(store: GoldenStore, layers: Any) -> None:
    write(store, NAME, a_golden(layers=LAYERS))
    record = store.folder(NAME) / JSON_FILE
    document = json.loads(record.read_bytes())
    record.write_text(json.dumps({**document, "layers": layers}), encoding="utf-8")
    with pytest.raises(GoldenBrokenError, match="not laid out as a golden is"):
        store.read(NAME)
