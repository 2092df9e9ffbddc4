from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.golden import store as golden_store
from pytest_modelcompat.golden.golden import (
    GoldenBrokenError,
    GoldenMissingError,
    GoldenName,
    GoldenNotWrittenError,
    ReleaseBrokenError,
    ReleaseExistsError,
)
from pytest_modelcompat.golden.release_serialization import CallSpec
from pytest_modelcompat.golden.release_store import BrokenRelease, FrozenArtifact, ReleaseStore, label_problem
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import pack
from tests.golden.goldens import LFS_POINTER, NAME, a_golden, same
from tests.golden.goldens import write as write_golden

if TYPE_CHECKING:
    from collections.abc import Sequence

SAVED_BY = {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}
OTHER_WEIGHTS = a_golden().weights[:1]


def a_file(folder: Path, content: bytes = b"\x89HDF\r\n of v1") -> Path:
    path = folder / "saved" / "anything.h5"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def a_saved_model(folder: Path, content: bytes = b"graph") -> Path:
    path = folder / "saved" / "a_saved_model"
    (path / "variables").mkdir(parents=True, exist_ok=True)
    (path / "assets").mkdir(exist_ok=True)
    (path / "saved_model.pb").write_bytes(content)
    (path / "variables" / "variables.index").write_bytes(b"index")
    (path / "variables" / "variables.data-00000-of-00001").write_bytes(b"weights")
    return path


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "golden")


@pytest.fixture
def frozen(store: ReleaseStore, tmp_path: Path) -> dict[str, FrozenArtifact]:
    """What is frozen of v1: an .h5 file and a SavedModel, by format."""
    store.freeze(NAME, "v1", "saved_model", a_saved_model(tmp_path), a_golden(), SAVED_BY)
    store.freeze(NAME, "v1", "h5", a_file(tmp_path), a_golden(), SAVED_BY)
    return {each.format: each for each in store.frozen(NAME)}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestLabel:
    @pytest.mark.parametrize("label", ["v1", "1.2.3", "2024-06", "v1.2.0-rc.1+build_7", "x" * 60, "CONSOLE"])
    def test_can_be(self, label: str) -> None:
        assert label_problem(label) == ""

    @pytest.mark.parametrize(
        ("label", "said"),
        [
            ("", "is empty"),
            ("x" * 61, "is longer than 60 characters"),
            ("v 1", "holds ' '"),
            ("a/b", "holds '/'"),
            ("../x", "holds '/'"),
            ("..", "starts with '.'"),
            (".v1", "starts with '.'"),
            ("-v1", "starts with '-'"),
            ("v1.", "ends with a dot"),
            ("é", "holds 'é'"),
            ("v1\n", r"holds '\n'"),
            ("nul", "Windows"),
            ("CON.1", "Windows"),
        ],
    )
    def test_cannot_be(self, store: ReleaseStore, tmp_path: Path, label: str, said: str) -> None:
        assert said in label_problem(label)
        with pytest.raises(GoldenNotWrittenError) as caught:
            store.freeze(NAME, label, "h5", a_file(tmp_path), a_golden(), SAVED_BY)
        assert said in str(caught.value)
        assert not store.root.exists()


class TestFreeze:
    def test_keeps_a_file(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact]) -> None:
        h5 = frozen["h5"]
        assert h5.artifact == store.folder(NAME, "v1") / "model.h5"
        assert h5.artifact.read_bytes() == b"\x89HDF\r\n of v1"
        assert (h5.name, h5.label, h5.saved_by, h5.size) == (NAME, "v1", SAVED_BY, 12)
        store.check(h5)

    def test_keeps_a_saved_model_whole(
        self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], tmp_path: Path
    ) -> None:
        saved_model = frozen["saved_model"]
        assert files_of(saved_model.artifact) == files_of(a_saved_model(tmp_path))
        assert saved_model.size == 17
        store.check(saved_model)

    def test_keeps_the_golden_with_the_sections_of_what_is_frozen(self, store: ReleaseStore, tmp_path: Path) -> None:
        store.freeze(NAME, "v1", "h5", a_file(tmp_path), a_golden(), SAVED_BY)
        (h5,) = store.frozen(NAME)
        assert same(store.golden(h5), a_golden(formats={"h5": a_golden().formats["h5"]}))
        store.freeze(NAME, "v1", "saved_model", a_saved_model(tmp_path), a_golden(), SAVED_BY)
        assert same(store.golden(h5), a_golden())

    def test_keeps_how_it_is_called(self, store: ReleaseStore, tmp_path: Path) -> None:
        call = CallSpec(per_signature=True, input_names=("x", "y"), output_names=("z",))
        store.freeze(NAME, "v1", "saved_model", a_saved_model(tmp_path), a_golden(), SAVED_BY, call=call)
        store.freeze(NAME, "v1", "h5", a_file(tmp_path), a_golden(), SAVED_BY)
        assert [each.call for each in store.frozen(NAME)] == [CallSpec(), call]

    def test_leaves_only_what_belongs_there(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact]) -> None:
        folder = frozen["h5"].folder
        names = {"golden.json", "arrays.npz", "frozen.json", "model.h5", "saved_model"}
        assert {path.name for path in folder.iterdir()} == names
        assert [path.name for path in folder.parent.iterdir()] == ["v1"]
        assert not list(store.root.rglob("*.part"))

    def test_again_changes_nothing(
        self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], tmp_path: Path
    ) -> None:
        """The bytes of one model differ from save to save."""
        before = files_of(store.root)
        assert store.freeze(NAME, "v1", "h5", a_file(tmp_path, b"another date"), a_golden(), SAVED_BY) == "unchanged"
        assert store.freeze(NAME, "v1", "h5", a_file(tmp_path), a_golden(made_by={}), {}) == "unchanged"
        assert files_of(store.root) == before
        assert set(frozen) == {"h5", "saved_model"}

    @pytest.mark.parametrize(
        "change",
        [
            {"weights": OTHER_WEIGHTS},
            {"outputs": pack({"score": np.array([[0.25], [0.75]], np.float32)})},
            {"inputs": pack({"x": np.arange(6, dtype=np.float32).reshape(3, 2)})},
            {"inputs": pack({"y": np.arange(6, dtype=np.float32).reshape(2, 3)})},
        ],
    )
    @pytest.mark.parametrize("format_", ["h5", "keras"])
    @pytest.mark.usefixtures("frozen")
    def test_of_another_model_is_refused(
        self, store: ReleaseStore, tmp_path: Path, change: dict[str, Any], format_: str
    ) -> None:
        before = files_of(store.root)
        with pytest.raises(ReleaseExistsError, match=r"frozen.v1 holds another model of this case") as caught:
            store.freeze(NAME, "v1", format_, a_file(tmp_path), a_golden(**change), SAVED_BY)
        assert "`modelcompat golden thaw tests/test_models/test_ranker v1`" in caught.value.fix
        assert files_of(store.root) == before
        assert store.freeze(NAME, "v2", format_, a_file(tmp_path), a_golden(**change), SAVED_BY) == "frozen"

    def test_of_outputs_with_nan_is_the_same_model(self, store: ReleaseStore, tmp_path: Path) -> None:
        golden = a_golden(outputs=pack({"score": np.array([np.nan], np.float32)}), statistics={})
        assert store.freeze(NAME, "v1", "h5", a_file(tmp_path), golden, SAVED_BY) == "frozen"
        assert store.freeze(NAME, "v1", "h5", a_file(tmp_path), golden, SAVED_BY) == "unchanged"

    @pytest.mark.usefixtures("frozen")
    def test_under_a_label_that_differs_in_case_only_is_refused(self, store: ReleaseStore, tmp_path: Path) -> None:
        with pytest.raises(ReleaseExistsError, match="ignores case"):
            store.freeze(NAME, "V1", "h5", a_file(tmp_path), a_golden(), SAVED_BY)
        assert store.labels(NAME) == ("v1",)

    @pytest.mark.parametrize("damage", ["model.h5", "frozen.json", "golden.json", "arrays.npz"])
    def test_over_a_damaged_release_is_refused(
        self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], tmp_path: Path, damage: str
    ) -> None:
        (frozen["h5"].folder / damage).write_bytes(b"damaged")
        with pytest.raises(GoldenNotWrittenError, match=damage) as caught:
            store.freeze(NAME, "v1", "h5", a_file(tmp_path), a_golden(), SAVED_BY)
        assert caught.value.fix.startswith("restore it from version control, or")
        assert (frozen["h5"].folder / damage).read_bytes() == b"damaged"

    def test_that_fails_leaves_nothing(self, store: ReleaseStore, tmp_path: Path) -> None:
        with pytest.raises(GoldenNotWrittenError, match=r"could not be written: No such file"):
            store.freeze(NAME, "v1", "h5", tmp_path / "no.h5", a_golden(), SAVED_BY)
        with pytest.raises(GoldenNotWrittenError, match="no output"):
            store.freeze(NAME, "v1", "h5", a_file(tmp_path), a_golden(outputs=pack({})), SAVED_BY)
        assert store.labels(NAME) == ()
        assert not files_of(store.root)
        assert not list(store.root.rglob("*"))

    def test_overwrites_what_a_killed_one_left_behind(self, store: ReleaseStore, tmp_path: Path) -> None:
        left = store.folder(NAME, ".v1.part")
        left.mkdir(parents=True)
        (left / "model.h5").write_bytes(b"half")
        assert store.labels(NAME) == ()
        store.freeze(NAME, "v1", "saved_model", a_saved_model(tmp_path), a_golden(), SAVED_BY)
        assert [each.format for each in store.frozen(NAME)] == ["saved_model"]
        assert not (store.folder(NAME, "v1") / "model.h5").exists()

    def test_of_a_format_that_a_killed_one_left_unrecorded(
        self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], tmp_path: Path
    ) -> None:
        (frozen["h5"].folder / "model.keras").write_bytes(b"nobody recorded this")
        assert store.freeze(NAME, "v1", "keras", a_file(tmp_path, b"zip"), a_golden(), SAVED_BY) == "frozen"
        keras = next(each for each in store.frozen(NAME) if each.format == "keras")
        assert keras.artifact.read_bytes() == b"zip"
        store.check(keras)

    def test_from_several_processes_loses_nothing(self, store: ReleaseStore, tmp_path: Path) -> None:
        code = """if True:
            import sys
            from pathlib import Path
            from pytest_modelcompat.golden.release_store import ReleaseStore
            from tests.golden.goldens import NAME, a_golden, a_section
            root, artifact, format_ = sys.argv[1:]
            golden = a_golden(formats={format_: a_section()})
            for number in range(8):
                ReleaseStore(Path(root)).freeze(NAME, f"v{number}", format_, Path(artifact), golden, {})
        """
        root = Path(__file__).parents[2]
        artifact = a_file(tmp_path)
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(store.root), str(artifact), format_],
                env={**os.environ, "PYTHONPATH": str(root)},
            )
            for format_ in ("h5", "keras")
        ]
        assert [process.wait(60) for process in processes] == [0, 0]
        assert len(store.frozen(NAME)) == 16
        for each in store.frozen(NAME):
            store.check(each)
            assert set(store.golden(each).formats) == {"h5", "keras"}

    def test_waits_for_the_lock_of_the_golden(
        self, store: ReleaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(golden_store, "_LOCK_TIMEOUT", 0.01)

        def merge(_: Any) -> Any:
            with pytest.raises(GoldenNotWrittenError, match="locked by another"):
                store.freeze(NAME, "v1", "h5", a_file(tmp_path), a_golden(), SAVED_BY)
            return a_golden()

        GoldenStore(store.root).update(NAME, merge)


class TestListing:
    def freeze(self, store: ReleaseStore, tmp_path: Path, labels: Sequence[str], name: GoldenName = NAME) -> None:
        for label in labels:
            store.freeze(name, label, "h5", a_file(tmp_path), a_golden(), SAVED_BY)

    def test_is_in_natural_order(self, store: ReleaseStore, tmp_path: Path) -> None:
        self.freeze(store, tmp_path, ["v1.10", "v1.2", "v1.9", "2023"])
        assert store.labels(NAME) == ("v1.2", "v1.9", "v1.10", "2023")
        store.freeze(NAME, "v1.2", "saved_model", a_saved_model(tmp_path), a_golden(), SAVED_BY)
        listed = [(each.label, each.format) for each in store.frozen(NAME)][:4]
        assert listed == [("v1.2", "h5"), ("v1.2", "saved_model"), ("v1.9", "h5"), ("v1.10", "h5")]

    def test_of_nothing(self, store: ReleaseStore) -> None:
        assert (store.labels(NAME), store.frozen(NAME), store.all(), store.releases()) == ((), (), (), ())

    def test_of_all_cases(self, store: ReleaseStore, tmp_path: Path) -> None:
        cut = GoldenName(("tests",), "test_" + "x" * 200)
        odd = GoldenName(("frozen", "test_models"), "frozen")
        for name in (cut, NAME, odd):
            self.freeze(store, tmp_path, ["v1"], name)
        assert {each.name for each in store.all()} == {cut, NAME, odd}
        assert GoldenStore(store.root).names() == ()
        write_golden(GoldenStore(store.root), odd, a_golden())
        assert GoldenStore(store.root).names() == (odd,)

    def test_passes_over_stray_files(
        self, store: ReleaseStore, tmp_path: Path, frozen: dict[str, FrozenArtifact]
    ) -> None:
        (frozen["h5"].folder.parent / "README.md").write_text("why we keep these")
        (frozen["h5"].folder.parent / ".idea").mkdir()
        (store.root / "frozen").mkdir()
        (store.root / "frozen" / "v1").mkdir()
        self.freeze(store, tmp_path, ["v1"])
        assert store.releases() == ((NAME, "v1"),)

    def test_a_broken_release_keeps_no_other_from_being_listed(self, store: ReleaseStore, tmp_path: Path) -> None:
        other = GoldenName(("tests",), "other")
        self.freeze(store, tmp_path, ["v1", "v2"])
        self.freeze(store, tmp_path, ["v1"], other)
        (store.folder(NAME, "v1") / "frozen.json").unlink()
        assert [(each.name, each.label) for each in store.all()] == [(other, "v1"), (NAME, "v2")]
        (error,) = store.broken()
        broken, whole = store.by_case()[NAME]
        assert broken == BrokenRelease(NAME, "v1", store.folder(NAME, "v1"), str(error))
        assert isinstance(whole, FrozenArtifact)
        assert [each.label for each in store.by_case()[other]] == ["v1"]
        assert str(error).endswith("frozen.json is missing: was it not committed?")
        assert store.labels(NAME) == ("v1", "v2")
        with pytest.raises(ReleaseBrokenError, match="is missing"):
            store.frozen(NAME)


class TestBroken:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda document: document.pop("formats"), "is incomplete: it has no 'formats'"),
            (lambda document: document.update(formats={}), "it lists no artifact"),
            (lambda document: document.update(formats=[1]), "is not laid out as a frozen.json is"),
            (lambda document: document.update(schema=99), "later pytest-modelcompat"),
            (lambda document: document["formats"].update(onnx={}), "is not laid out"),
            (lambda document: document["formats"]["h5"].update(artifact="../../x.h5"), "the artifact of h5 is '../"),
            (lambda document: document["formats"]["h5"].update(sha256=None), "sha256 and size of h5 are None"),
            (lambda document: document["formats"]["h5"].update(saved_by="Keras"), "saved_by of h5 is 'Keras'"),
            (lambda document: document["formats"]["h5"].pop("size"), "size"),
            (lambda document: document["formats"]["h5"].update(call=None), "is not laid out"),
            (lambda document: document["formats"]["h5"].update(call={}), "is incomplete: it has no 'input_names'"),
        ],
    )
    def test_record(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], change: Any, said: str) -> None:
        file = frozen["h5"].folder / "frozen.json"
        document = json.loads(file.read_text())
        change(document)
        file.write_text(json.dumps(document))
        with pytest.raises(ReleaseBrokenError) as caught:
            store.frozen(NAME)
        assert str(caught.value).startswith(str(file))
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "said"),
        [(LFS_POINTER, "is a Git LFS pointer"), ("", "is not valid JSON"), ("[]", "it names no schema")],
    )
    def test_record_that_is_none(
        self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], text: str, said: str
    ) -> None:
        (frozen["h5"].folder / "frozen.json").write_text(text)
        with pytest.raises(ReleaseBrokenError, match=said):
            store.frozen(NAME)

    def test_file_missing(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact]) -> None:
        frozen["h5"].artifact.unlink()
        with pytest.raises(ReleaseBrokenError, match=r"model\.h5 is missing, though frozen\.json lists it"):
            store.check(frozen["h5"])

    def test_file_altered(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact]) -> None:
        """As Git does to line ends where it takes a file for text."""
        frozen["h5"].artifact.write_bytes(b"\x89HDF\n of v1")
        said = r"differs from what was frozen \(11 bytes, where 12 were frozen\)\.$"
        with pytest.raises(ReleaseBrokenError, match=said):
            store.check(frozen["h5"])

    def test_file_not_fetched(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact]) -> None:
        frozen["h5"].artifact.write_text(LFS_POINTER)
        with pytest.raises(ReleaseBrokenError, match=r"model\.h5 is a Git LFS pointer"):
            store.check(frozen["h5"])

    def test_saved_model_missing(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact]) -> None:
        for file in (path for path in frozen["saved_model"].artifact.rglob("*") if path.is_file()):
            file.unlink()
        with pytest.raises(ReleaseBrokenError, match="saved_model is missing"):
            store.check(frozen["saved_model"])

    @pytest.mark.parametrize("alter", ["remove", "add", "rename", "change", "pointer"])
    def test_saved_model_altered(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], alter: str) -> None:
        index = frozen["saved_model"].artifact / "variables" / "variables.index"
        if alter == "remove":
            index.unlink()
        elif alter == "add":
            index.with_name("more").write_bytes(b"")
        elif alter == "rename":
            index.rename(index.with_name("renamed"))
        else:
            index.write_bytes(b"iNdex" if alter == "change" else LFS_POINTER.encode())
        said = "Git LFS pointer" if alter == "pointer" else "differs from what was frozen"
        with pytest.raises(ReleaseBrokenError, match=said):
            store.check(frozen["saved_model"])

    def test_golden(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact]) -> None:
        (frozen["h5"].folder / "arrays.npz").write_bytes(b"")
        with pytest.raises(GoldenBrokenError, match="arrays"):
            store.golden(frozen["h5"])
        (frozen["h5"].folder / "golden.json").unlink()
        with pytest.raises(GoldenMissingError):
            store.golden(frozen["h5"])


class TestThaw:
    @pytest.mark.usefixtures("frozen")
    def test_removes_the_release_and_empty_folders(self, store: ReleaseStore) -> None:
        store.thaw(NAME, "v1")
        assert list(store.root.iterdir()) == []

    @pytest.mark.usefixtures("frozen")
    def test_leaves_the_golden_and_other_releases(self, store: ReleaseStore, tmp_path: Path) -> None:
        write_golden(GoldenStore(store.root), NAME, a_golden())
        store.freeze(NAME, "v2", "h5", a_file(tmp_path), a_golden(), SAVED_BY)
        store.thaw(NAME, "v1")
        assert store.labels(NAME) == ("v2",)
        assert same(GoldenStore(store.root).read(NAME), a_golden())

    @pytest.mark.usefixtures("frozen")
    def test_of_a_broken_one(self, store: ReleaseStore) -> None:
        (store.folder(NAME, "v1") / "frozen.json").write_text("")
        store.thaw(NAME, "v1")
        assert store.labels(NAME) == ()

    @pytest.mark.parametrize("label", ["v2", "..", "../frozen/v1", "."])
    def test_of_what_is_not_there(self, store: ReleaseStore, frozen: dict[str, FrozenArtifact], label: str) -> None:
        with pytest.raises(GoldenMissingError):
            store.thaw(NAME, label)
        assert frozen["h5"].artifact.is_file()


class TestRemovingGoldens:
    @pytest.mark.usefixtures("frozen")
    def test_leaves_frozen_ones(self, store: ReleaseStore) -> None:
        goldens = GoldenStore(store.root)
        write_golden(goldens, NAME, a_golden())
        goldens.remove(NAME)
        assert goldens.names() == ()
        assert len(store.frozen(NAME)) == 2
        store.thaw(NAME, "v1")
        assert list(store.root.iterdir()) == []

    def test_removes_empty_folders(self, store: ReleaseStore) -> None:
        goldens = GoldenStore(store.root)
        other = GoldenName(("tests",), "other")
        for name in (NAME, other):
            write_golden(goldens, name, a_golden())
        goldens.remove(NAME)
        assert goldens.names() == (other,)
        assert [path.name for path in (store.root / "tests").iterdir()] == ["other"]
        goldens.remove(other)
        assert list(store.root.iterdir()) == []
