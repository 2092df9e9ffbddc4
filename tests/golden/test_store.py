from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts.weight_digest import WeightDigest
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.golden.golden import (
    GoldenName,
    GoldenNotWrittenError,
    digest_changes,
    escape,
    unescape,
)
from pytest_modelcompat.loader.tensors import Ragged, Sparse, pack, unpack
from tests.golden.goldens import LFS_POINTER, NAME, a_golden, a_section, same, write
from tests.other_user import as_bound_user

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.golden.store import GoldenStore


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
