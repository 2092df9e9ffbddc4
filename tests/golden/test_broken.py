"""Goldens that cannot be read: each ends in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.golden.golden import (
    GoldenBrokenError,
    GoldenMissingError,
    GoldenName,
    GoldenTooNewError,
)
from pytest_modelcompat.loader.tensors import pack
from tests.golden.goldens import LFS_POINTER, NAME, a_golden, a_section, write

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.golden.store import GoldenStore


class TestBroken:
    """What stands where a golden should be, and what is said about it."""

    def broken(self, store: GoldenStore, name: GoldenName = NAME) -> str:
        with pytest.raises(GoldenBrokenError) as caught:
            store.read(name)
        message = str(caught.value)
        assert "test_ranker" in message
        assert message.endswith((".", "?"))
        assert "\n" not in message
        return message

    def test_missing(self, store: GoldenStore) -> None:
        with pytest.raises(GoldenMissingError, match=r"There is no golden .*test_ranker\.$"):
            store.read(NAME)

    def test_missing_where_only_arrays_are(self, store: GoldenStore, folder: Path) -> None:
        (folder / "golden.json").unlink()
        with pytest.raises(GoldenMissingError):
            store.read(NAME)

    @pytest.mark.parametrize("file", ["golden.json", "arrays.npz"])
    def test_lfs_pointer(self, store: GoldenStore, folder: Path, file: str) -> None:
        (folder / file).write_text(LFS_POINTER)
        message = self.broken(store)
        assert f"{file} is a Git LFS pointer" in message
        assert "git lfs pull" in message

    def test_arrays_missing(self, store: GoldenStore, folder: Path) -> None:
        (folder / "arrays.npz").unlink()
        assert "arrays.npz is missing" in self.broken(store)

    @pytest.mark.parametrize("kept", [0, 1, 100, -1, -30])
    def test_arrays_truncated(self, store: GoldenStore, folder: Path, kept: int) -> None:
        data = (folder / "arrays.npz").read_bytes()
        (folder / "arrays.npz").write_bytes(data[:kept])
        assert "truncated" in self.broken(store)

    def test_arrays_are_something_else(self, store: GoldenStore, folder: Path) -> None:
        (folder / "arrays.npz").write_bytes(b"\x80\x04K\x01.")
        assert "not an .npz file" in self.broken(store)

    def test_arrays_with_a_flipped_byte(self, store: GoldenStore, folder: Path) -> None:
        data = (folder / "arrays.npz").read_bytes()
        place = data.index(np.array([0.25, 0.5], "<f4").tobytes())
        (folder / "arrays.npz").write_bytes(data[:place] + b"\x01" + data[place + 1 :])
        assert "is corrupt" in self.broken(store)

    def test_pickled_arrays_are_not_loaded(self, store: GoldenStore, folder: Path) -> None:
        pickled: dict[str, Any] = {"outputs/value": np.array([{}], object)}
        np.savez(folder / "arrays.npz", **pickled)
        assert "is corrupt" in self.broken(store)

    def test_halves_of_two_recordings(self, store: GoldenStore, folder: Path) -> None:
        old = (folder / "arrays.npz").read_bytes()
        changed = {
            "score": np.array([[0.25], [0.75]], np.float32),
            "label": np.array([b"a", b"\xc3\xbc"], object),
        }
        write(store, NAME, a_golden(outputs=pack(changed)))
        (folder / "arrays.npz").write_bytes(old)
        assert "not recorded together" in self.broken(store)

    def test_an_array_too_few_or_too_many(self, store: GoldenStore, folder: Path) -> None:
        with np.load(folder / "arrays.npz") as archive:
            arrays: dict[str, Any] = dict(archive)
        np.savez(folder / "arrays.npz", **arrays, more=np.zeros(1))
        assert "not recorded together" in self.broken(store)
        del arrays["outputs/value/score"]
        np.savez(folder / "arrays.npz", allow_pickle=False, **arrays)
        assert "has no 'outputs/value/score'" in self.broken(store)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "not valid JSON"),
            ("{", "not valid JSON"),
            ('{\n<<<<<<< HEAD\n "schema": 1\n', "merge conflict markers"),
            ("[]", "names no schema"),
            ("{}", "names no schema"),
            ('{"schema": "1"}', "names no schema"),
            ('{"schema": 1}', "has no 'made_by'"),
        ],
    )
    def test_json(self, store: GoldenStore, folder: Path, text: str, said: str) -> None:
        (folder / "golden.json").write_text(text)
        assert said in self.broken(store)

    @pytest.mark.parametrize("section", ["weights", "arrays"])
    def test_json_laid_out_otherwise(self, store: GoldenStore, folder: Path, section: str) -> None:
        document = json.loads((folder / "golden.json").read_text())
        (folder / "golden.json").write_text(json.dumps(document | {section: [1]}))
        assert "not laid out as a golden is" in self.broken(store)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"formats": None}, "not laid out as a golden is: formats is None, not a table"),
            ({"formats": []}, "formats is [], not a table"),
            ({"formats": {"h5": None}}, "not laid out as a golden is"),
            ({"formats": {"h5": {"ops": {}, "signatures": {}}}}, "has no 'layers'"),
            ({"formats": {"h5": {"layers": {}, "signatures": {}}}}, "has no 'ops'"),
            ({"formats": {"h5": {"layers": {}, "ops": {}}}}, "has no 'signatures'"),
            ({"formats": {"h5": a_section(ops=None)}}, "ops of h5 is None, not a table"),
            ({"formats": {"h5": a_section(ops={"Add": "1"})}}, "Add among the ops of h5 is '1'"),
            ({"made_by": None}, "made_by is None, not a table"),
            ({"statistics": 1}, "statistics is 1, not a table"),
            ({"inputs": {"dense": "value/y", "dtype": "float32"}}, "has no 'value/y'"),
            ({"outputs": {"dict": {"z": {"dense": "value/z", "dtype": "float32"}}}}, "has no 'value/z'"),
            ({"outputs": {"dict": {"z": {}}}}, "has no 'dense'"),
            ({"outputs": None}, "not laid out as a golden is"),
        ],
    )
    def test_edited_by_hand(self, store: GoldenStore, folder: Path, change: dict[str, Any], said: str) -> None:
        document = json.loads((folder / "golden.json").read_text())
        (folder / "golden.json").write_text(json.dumps(document | change))
        assert said in self.broken(store)

    def test_no_output(self, store: GoldenStore, folder: Path) -> None:
        document = json.loads((folder / "golden.json").read_text())
        with np.load(folder / "arrays.npz") as archive:
            arrays: dict[str, Any] = {key: archive[key] for key in archive if key.startswith("inputs")}
        np.savez(folder / "arrays.npz", **arrays)
        document["arrays"] = {key: value for key, value in document["arrays"].items() if key.startswith("inputs")}
        (folder / "golden.json").write_text(json.dumps(document))
        assert "holds no output" in self.broken(store)

    def test_later_schema(self, store: GoldenStore, folder: Path) -> None:
        document = json.loads((folder / "golden.json").read_text())
        (folder / "golden.json").write_text(json.dumps(document | {"schema": 2}))
        assert "later pytest-modelcompat (schema 2" in self.broken(store)
        with pytest.raises(GoldenTooNewError):
            store.read(NAME)

    def test_a_folder_where_the_file_should_be(self, store: GoldenStore, folder: Path) -> None:
        (folder / "golden.json").unlink()
        (folder / "golden.json").mkdir()
        assert "cannot be read" in self.broken(store)
