from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts.weight_digest import WeightDigest
from pytest_modelcompat.comparison.leaves import leaf_statistics
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.golden import store as golden_store
from pytest_modelcompat.golden.golden import (
    Golden,
    GoldenBrokenError,
    GoldenMissingError,
    GoldenName,
    GoldenNotWrittenError,
    GoldenTooNewError,
    digest_changes,
    escape,
    unescape,
)
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import Ragged, Sparse, pack, unpack
from tests.other_user import as_bound_user

NAME = GoldenName(("tests", "test_models"), "test_ranker")
LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def a_section(**parts: Any) -> dict[str, Any]:
    return {"layers": {}, "ops": {}, "signatures": {}, **parts}


def a_golden(**changes: Any) -> Golden:
    outputs = {"score": np.array([[0.25], [0.5]], np.float32), "label": np.array([b"a", b"\xc3\xbc"], object)}
    golden = Golden(
        made_by={"tensorflow": "2.21.0", "keras": "3.15.1", "python": "3.11.7", "numpy": "2.4.6"},
        inputs=pack({"x": np.arange(6, dtype=np.float32).reshape(2, 3)}),
        outputs=pack(outputs),
        statistics={name: leaf_statistics(leaf) for name, leaf in outputs.items()},
        weights=(
            WeightDigest("dense/kernel", (3, 1), "float32", "ab" * 32),
            WeightDigest("dense/bias", (1,), "float32", "cd" * 32),
        ),
        formats={
            "saved_model": a_section(ops={"MatMul": 1, "AddV2": 2}),
            "h5": a_section(layers={"dense": "Dense"}),
        },
    )
    return replace(golden, **changes)


def write(store: GoldenStore, name: GoldenName, golden: Golden) -> bool:
    return store.update(name, lambda _: golden).changed


def same(one: Golden, other: Golden) -> bool:
    plain = all(
        getattr(one, name) == getattr(other, name) for name in ("made_by", "statistics", "weights", "formats", "schema")
    )
    return plain and all(
        ours[0] == theirs[0]
        and ours[1].keys() == theirs[1].keys()
        and all(np.array_equal(ours[1][key], theirs[1][key]) for key in ours[1])
        for ours, theirs in ((one.inputs, other.inputs), (one.outputs, other.outputs))
    )


@pytest.fixture
def store(tmp_path: Path) -> GoldenStore:
    return GoldenStore(tmp_path / "golden")


@pytest.fixture
def folder(store: GoldenStore) -> Path:
    write(store, NAME, a_golden())
    return store.folder(NAME)


def run_python(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=environment)


class TestName:
    ODD = (
        "[a/b]", "[a b]", "[a-b]", "[a_b]", "[a%b]", "[a%2Fb]", "[a\\b]", "a.", ".a", ".", "..", "%2E", "a ",
        " a", "ü", "u\u0308", "\udc80", "\x00", "\n", "~", "a~b", "CON", "con", "Con.txt", "%43ON", "NUL",
        "nul.tar.gz", "COM1", "COM12", "CONSOLE", "golden.json", "arrays.npz", "frozen", "Frozen", "frozen.json",
        "Class.test[x=1.5,y=+2@home]",
        "\U0001f600" * 60, "x" * 150, "x" * 151, "x" * 152, "é" * 25, "é" * 26, "a*b", "a?b", 'a"b', "<>|:",
        "a:b", "a#b", "a%3Ab", "a%23b", ":", "#", "a:" * 80,
    )  # fmt: skip

    def test_is_one_to_one(self) -> None:
        escaped = [escape(part) for part in self.ODD]
        assert len(set(escaped)) == len(self.ODD)

    @pytest.mark.parametrize("part", ODD)
    def test_is_a_file_name_everywhere(self, part: str, tmp_path: Path) -> None:
        escaped = escape(part)
        assert set(escaped) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.=+,@[]-%~#")
        assert len(escaped) <= 150
        assert escaped.strip(".") == escaped
        assert escaped.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}
        (tmp_path / escaped).mkdir()

    @pytest.mark.parametrize("part", ODD)
    def test_reads_back(self, part: str) -> None:
        escaped = escape(part)
        assert unescape(escaped) == (None if "~" in escaped else part)

    @pytest.mark.parametrize("stray", ["a b", "ü", "%2f", "%", "%zz", ".hidden", "a~b", "NUL", "%61", "%FF", ""])
    def test_what_escape_never_makes_is_not_read_back(self, stray: str) -> None:
        assert unescape(stray) is None

    @pytest.mark.parametrize(
        ("part", "escaped"),
        [
            ("TestRanker.test_save[a-b]", "TestRanker.test_save[a-b]"),
            ("test[a/b c]", "test[a%2Fb%20c]"),
            ("shop.models:build_ranker", "shop.models#build_ranker"),
            ("..", "%2E%2E"),
            ("aux.py", "%61ux.py"),
        ],
    )
    def test_reads_well(self, part: str, escaped: str) -> None:
        assert escape(part) == escaped

    def test_long_ones_are_distinguished_by_a_digest(self) -> None:
        one, other = escape("x" * 400 + "1"), escape("x" * 400 + "2")
        assert one != other
        assert one.startswith("x" * 133 + "~")

    def test_is_cut_only_beyond_the_limit_and_between_characters(self) -> None:
        assert escape("x" * 150) == "x" * 150
        assert len(escape("x" * 151)) == 150
        for lead in ("", "x", "xx"):
            assert re.fullmatch(lead + r"(%C3|%A9)+~[0-9a-f]{16}", escape(lead + "é" * 60))

    def test_folds_what_a_file_system_may_fold(self) -> None:
        upper, lower = GoldenName(("tests",), "test[A]"), GoldenName(("tests",), "test[a]")
        assert upper.escape() != lower.escape()
        assert upper.folded == lower.folded
        assert upper.folded != GoldenName(("tests",), "test[b]").folded

    @pytest.mark.parametrize(("folder", "name"), [((), ""), (("tests", ""), "test")])
    def test_has_no_empty_part(self, folder: tuple[str, ...], name: str) -> None:
        with pytest.raises(ValueError, match="empty part"):
            GoldenName(folder, name)


class TestRoundTrip:
    def test_brings_everything_back(self, store: GoldenStore) -> None:
        golden = a_golden(formats={"keras": a_section(signatures={"serve": {"inputs": {"x": "float32 [None, 3]"}}})})
        assert write(store, NAME, golden)
        assert same(store.read(NAME), golden)

    def test_of_every_kind_of_leaf(self, store: GoldenStore) -> None:
        ml_dtypes = pytest.importorskip("ml_dtypes")
        leaves: dict[str, Any] = {
            "half": np.array([1.5, np.nan, -np.inf], np.float16),
            "brain": np.array([1.5, 2.5], ml_dtypes.bfloat16),
            "big": np.array([2**63 - 1], np.int64),
            "complex": np.array([1 + 2j], np.complex64),
            "flag": np.array(True),
            "none": np.zeros((0, 3)),
            "swapped": np.array([1.5, 2.5], ">f4"),
            "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            "ragged": Ragged(np.arange(3), (np.array([0, 1, 3]),)),
            "sparse": Sparse(np.array([[0, 1]]), np.array([2.0]), (2, 2)),
            "slash/ and ü": np.array([b"", b"\x00\n"], object),
        }
        write(store, NAME, a_golden(outputs=pack(leaves)))
        back = unpack(dict(store.read(NAME).outputs[0]), store.read(NAME).outputs[1])
        assert list(back) == list(leaves)
        comparison = compare_outputs(back, leaves, lambda output, dtype: Tolerance(0.0, 0.0, f"{output} {dtype}"))
        assert comparison.structure == ()
        assert comparison.holds

    def test_file_is_what_numpy_reads(self, folder: Path) -> None:
        with np.load(folder / "arrays.npz", allow_pickle=False) as archive:
            assert "inputs/value/x" in archive.files
            assert archive["outputs/value/score"].tolist() == [[0.25], [0.5]]
            assert archive.files == sorted(archive.files)

    def test_arrays_are_neither_compressed_nor_dated(self, folder: Path) -> None:
        with zipfile.ZipFile(folder / "arrays.npz") as archive:
            for member in archive.infolist():
                assert member.compress_type == zipfile.ZIP_STORED
                assert member.date_time == (1980, 1, 1, 0, 0, 0)

    def test_array_headers_are_aligned_as_the_format_asks(self, folder: Path) -> None:
        with zipfile.ZipFile(folder / "arrays.npz") as archive:
            for member in archive.namelist():
                data = archive.read(member)
                assert data[:8] == b"\x93NUMPY\x01\x00"
                assert (10 + int.from_bytes(data[8:10], "little")) % 64 == 0

    def test_refuses_to_pickle(self, store: GoldenStore) -> None:
        with pytest.raises(TypeError, match="numbers and bool only"):
            write(store, NAME, a_golden(outputs=({"dense": "value"}, {"value": np.array([object()])})))
        assert not store.folder(NAME).exists()


class TestJson:
    def test_reads_well(self, folder: Path) -> None:
        text = (folder / "golden.json").read_text(encoding="utf-8")
        assert text.startswith('{\n "schema": 1,\n "name": ["tests", "test_models", "test_ranker"],\n "made_by": {\n')
        assert '\n  "keras": "3.15.1",\n  "numpy": "2.4.6",\n' in text
        assert (
            f'\n  {{"path": "dense/kernel", "shape": [3, 1], "dtype": "float32", "sha256": "{"ab" * 32}"}},\n' in text
        )
        assert '\n   "ops": {\n    "AddV2": 2,\n    "MatMul": 1\n   },\n' in text
        assert '\n  "score": {"min": 0.25, "max": 0.5, "mean": 0.375, "std": 0.125, "nan": 0, "inf": 0},\n' in text
        assert text.endswith("}\n")

    def test_records_the_digest_of_each_array(self, folder: Path) -> None:
        recorded = json.loads((folder / "golden.json").read_bytes())["arrays"]["outputs/value/score"]
        data = np.array([[0.25], [0.5]], "<f4").tobytes()
        assert recorded == {"dtype": "float32", "shape": [2, 1], "sha256": hashlib.sha256(data).hexdigest()}

    def test_does_not_depend_on_the_order_things_were_given_in(self, store: GoldenStore) -> None:
        golden = a_golden()
        write(store, NAME, golden)
        turned = replace(
            golden,
            made_by=dict(sorted(golden.made_by.items(), reverse=True)),
            formats={name: golden.formats[name] for name in sorted(golden.formats)},
        )
        assert not write(store, NAME, turned)

    def test_takes_any_text(self, store: GoldenStore) -> None:
        golden = a_golden(formats={"h5": a_section(layers={'ü"\n\\': "Odd\udc80"})})
        write(store, NAME, golden)
        assert store.read(NAME).formats == golden.formats

    def test_has_no_nan(self, store: GoldenStore) -> None:
        with pytest.raises(ValueError, match="JSON compliant"):
            write(store, NAME, a_golden(statistics={"score": {"min": float("nan")}}))


class TestWrite:
    def test_leaves_an_unchanged_golden_alone(self, store: GoldenStore, folder: Path) -> None:
        before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        assert not write(store, NAME, a_golden())
        assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before

    def test_rewrites_only_the_file_that_changed(self, store: GoldenStore, folder: Path) -> None:
        arrays = folder / "arrays.npz"
        os.utime(arrays, ns=(1, 1))
        assert write(store, NAME, a_golden(made_by={"keras": "4.0.0"}))
        assert arrays.stat().st_mtime_ns == 1
        assert store.read(NAME).made_by == {"keras": "4.0.0"}

    def test_leaves_a_checkout_with_crlf_alone(self, store: GoldenStore, folder: Path) -> None:
        path = folder / "golden.json"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert same(store.read(NAME), a_golden())
        assert not write(store, NAME, a_golden())

    @pytest.mark.usefixtures("folder")
    def test_leaves_nothing_beside_the_two_files(self, store: GoldenStore) -> None:
        write(store, NAME, a_golden(made_by={}))
        assert sorted(path.name for path in store.root.rglob("*") if path.is_file()) == [
            "arrays.npz",
            "golden.json",
        ]

    def test_overwrites_what_a_killed_writer_left_behind(self, store: GoldenStore, folder: Path) -> None:
        (folder / ".golden.json.part").write_text("half")
        write(store, NAME, a_golden(made_by={}))
        assert sorted(path.name for path in folder.iterdir()) == ["arrays.npz", "golden.json"]

    def test_replaces_files_in_one_piece(self, store: GoldenStore, folder: Path, tmp_path: Path) -> None:
        for path in folder.iterdir():
            os.link(path, tmp_path / path.name)
        write(store, NAME, a_golden(outputs=pack(np.zeros(3)), made_by={}))
        # Written in place, the other name of the old file would show the new bytes, and a reader half of it.
        for path in folder.iterdir():
            assert (tmp_path / path.name).read_bytes() != path.read_bytes()

    @pytest.mark.parametrize("file", ["golden.json", "arrays.npz"])
    def test_leaves_nothing_half_written_behind(self, store: GoldenStore, file: str) -> None:
        (store.folder(NAME) / file / "in the way").mkdir(parents=True)
        with pytest.raises(GoldenNotWrittenError, match="could not be written"):
            write(store, NAME, a_golden())
        assert not list(store.root.rglob("*.part"))

    @pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
    def test_files_are_as_readable_as_any_other(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "other").write_text("")
        expected = stat.S_IMODE((tmp_path / "other").stat().st_mode)
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {expected}

    def test_refuses_a_golden_without_outputs(self, store: GoldenStore) -> None:
        with pytest.raises(GoldenNotWrittenError, match="no output") as caught:
            write(store, NAME, a_golden(outputs=pack({})))
        assert caught.value.fix == "let the model, or one of its signatures, return an output"
        assert not store.root.exists()

    def test_says_in_one_sentence_that_it_cannot(self, store: GoldenStore) -> None:
        store.root.mkdir()
        (store.root / "tests").write_text("a file where the folder should be")
        with pytest.raises(GoldenNotWrittenError, match=r"^.*test_ranker could not be written: [^.]*\.$"):
            write(store, NAME, a_golden())

    def test_says_so_of_a_read_only_folder(self, store: GoldenStore, folder: Path, tmp_path: Path) -> None:
        def refuse() -> None:
            with pytest.raises(GoldenNotWrittenError, match="could not be written: Permission denied; what was there"):
                write(store, NAME, a_golden(made_by={}))

        folder.chmod(0o555)
        try:
            as_bound_user(refuse, tmp_path)
        finally:
            folder.chmod(0o755)
        assert same(store.read(NAME), a_golden())

    def test_says_so_where_no_lock_can_be_had(
        self, store: GoldenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
        with pytest.raises(GoldenNotWrittenError, match="could not be locked") as caught:
            write(store, NAME, a_golden())
        assert "(TMPDIR)" in caught.value.fix


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


class TestUpdate:
    def test_of_none(self, store: GoldenStore) -> None:
        given = []

        def merge(before: Golden | None) -> Golden:
            given.append(before)
            return a_golden()

        written = store.update(NAME, merge)
        assert given == [None]
        assert written.before is None
        assert written.changed
        assert same(written.after, store.read(NAME))

    @pytest.mark.usefixtures("folder")
    def test_keeps_other_formats_sections(self, store: GoldenStore) -> None:
        section = a_section(layers={"dense": "Dense", "scale": "shop>Scale"})
        written = store.update(NAME, lambda before: (before or a_golden(formats={})).with_format("keras", section))
        assert written.before is not None
        assert same(written.before, a_golden())
        assert store.read(NAME).formats == {**a_golden().formats, "keras": section}

    @pytest.mark.usefixtures("folder")
    def test_replaces_a_formats_own_section(self, store: GoldenStore) -> None:
        store.update(NAME, lambda before: (before or a_golden()).with_format("h5", a_section()))
        assert store.read(NAME).formats["h5"] == a_section()

    @pytest.mark.parametrize("file", ["golden.json", "arrays.npz"])
    def test_replaces_a_broken_one(self, store: GoldenStore, folder: Path, file: str) -> None:
        (folder / file).write_text(LFS_POINTER)
        written = store.update(NAME, lambda before: before or a_golden(made_by={}))
        assert written.before is None
        assert written.changed
        assert store.read(NAME).made_by == {}

    def test_does_not_overwrite_what_a_later_version_recorded(self, store: GoldenStore, folder: Path) -> None:
        document = json.loads((folder / "golden.json").read_text())
        (folder / "golden.json").write_text(json.dumps(document | {"schema": 2}))
        with pytest.raises(GoldenNotWrittenError, match=r"is not overwritten: .*schema 2"):
            store.update(NAME, lambda _: a_golden())
        assert json.loads((folder / "golden.json").read_text())["schema"] == 2

    def test_waits_for_a_lock_only_so_long(self, store: GoldenStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(golden_store, "_LOCK_TIMEOUT", 0.01)

        def merge(before: Golden | None) -> Golden:
            # Another lock object on the same file, as another process would have it.
            with pytest.raises(GoldenNotWrittenError, match="locked by another process") as caught:
                write(store, NAME, a_golden(made_by={}))
            assert caught.value.fix == "wait until that process has ended, then run the same command again"
            return a_golden()

        assert store.update(NAME, merge).changed
        assert same(store.read(NAME), a_golden())

    @pytest.mark.usefixtures("folder")
    def test_passes_on_what_merging_raises_and_writes_nothing(self, store: GoldenStore) -> None:
        def merge(before: Golden | None) -> Golden:
            raise FileNotFoundError("the merge's own")

        with pytest.raises(FileNotFoundError, match="the merge's own"):
            store.update(NAME, merge)
        assert same(store.read(NAME), a_golden())
        assert store.update(NAME, lambda before: before or a_golden()).changed is False

    def test_from_several_processes_loses_nothing(self, store: GoldenStore) -> None:
        code = """
import sys
from pathlib import Path
import numpy as np
from pytest_modelcompat.golden.golden import Golden, GoldenName
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import pack
store, writer = GoldenStore(Path(sys.argv[1])), sys.argv[2]
for step in range(15):
    fresh = Golden({}, pack({}), pack(np.arange(step + 1)))
    store.update(
        GoldenName(("tests", "test_models"), "test_ranker"),
        lambda before: (before or fresh).with_format(f"{writer}-{step}", {"layers": {}, "ops": {}, "signatures": {}}),
    )
"""
        processes = [run_python(code, store.root, writer) for writer in range(4)]
        assert [process.wait(120) for process in processes] == [0, 0, 0, 0]
        assert len(store.read(NAME).formats) == 4 * 15

    def test_never_shows_a_reader_half_of_it(self, store: GoldenStore) -> None:
        code = """
import sys
from pathlib import Path
import numpy as np
from pytest_modelcompat.golden.golden import Golden, GoldenName
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import pack
store = GoldenStore(Path(sys.argv[1]))
name = GoldenName(("tests", "test_models"), "test_ranker")
for step in range(150):
    fresh = Golden({}, pack({}), pack(np.full(2000, step)))
    store.update(name, lambda _: fresh)
"""
        write(store, NAME, a_golden())
        writer = run_python(code, store.root)
        reads = 0
        while writer.poll() is None:
            assert store.read(NAME).outputs[1]
            reads += 1
        assert writer.returncode == 0
        assert reads > 5
        assert int(store.read(NAME).outputs[1]["value"][0]) == 149


class TestNames:
    def test_of_all_goldens(self, store: GoldenStore) -> None:
        names = [
            GoldenName(("tests", "test_models"), "TestA.test[a/b]"),
            GoldenName(("tests", "test_models"), "TestA.test[a b]"),
            GoldenName(("tests",), "test_models"),
            GoldenName(("tests",), "x" * 300),
            GoldenName(("y" * 200, "ü"), "golden.json"),
            GoldenName((), "alone"),
        ]
        for name in names:
            write(store, name, a_golden())
        assert set(store.names()) == set(names)
        assert len(store.names()) == len(names)

    @pytest.mark.usefixtures("folder")
    def test_passes_over_stray_files(self, store: GoldenStore) -> None:
        for stray in (
            "golden.json",
            "with space/golden.json",
            "cut~0123456789abcdef/golden.json",
            "notes.txt",
        ):
            (store.root / stray).parent.mkdir(exist_ok=True)
            (store.root / stray).write_text("{}")
        (store.root / "tests" / "golden.json").mkdir()
        long = GoldenName((), "x" * 300)
        write(store, long, a_golden())
        shutil.move(store.folder(long), store.root / "renamed~0123456789abcdef")
        assert store.names() == (NAME,)

    def test_includes_broken_ones(self, store: GoldenStore, folder: Path) -> None:
        (folder / "golden.json").write_text(LFS_POINTER)
        assert store.names() == (NAME,)

    def test_of_no_folder_at_all(self, store: GoldenStore) -> None:
        assert store.names() == ()


class TestDigests:
    OLD = (
        WeightDigest("dense/kernel", (3, 1), "float32", "a"),
        WeightDigest("dense/bias", (1,), "float32", "b"),
        WeightDigest("gone", (1,), "float32", "c"),
    )

    def test_changes(self) -> None:
        new = (replace(self.OLD[0], sha256="z"), self.OLD[1], WeightDigest("new", (), "int64", "d"))
        changes = digest_changes(self.OLD, new)
        assert (changes.changed, changes.missing, changes.added) == (("dense/kernel",), ("gone",), ("new",))
        assert changes.total == 3
        assert not changes.none

    def test_of_the_same_in_another_order(self) -> None:
        assert digest_changes(self.OLD, self.OLD[::-1]).none

    @pytest.mark.parametrize("change", [{"shape": (1, 3)}, {"dtype": "float64"}])
    def test_shape_and_dtype_count(self, change: dict[str, Any]) -> None:
        assert digest_changes(self.OLD[:1], (replace(self.OLD[0], **change),)).changed == ("dense/kernel",)

    def test_of_weights_that_share_a_path(self) -> None:
        old = (self.OLD[0], replace(self.OLD[0], sha256="second"))
        assert digest_changes(old, old).none
        assert digest_changes(old, (old[0], old[0])).changed == ("dense/kernel",)
        assert digest_changes(old, old[:1]).missing == ("dense/kernel",)
