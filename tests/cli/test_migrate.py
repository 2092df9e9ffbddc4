"""`modelcompat migrate`: outcomes, exit codes, bad input, folders, and every form of output."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests import handmade
from tests.compatibility.models import K213, K315, code, coded, convolution, small, stack

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("models")
TO_KERAS_3 = ("--runtime", "tf2.21", "--prove", "none")


def old(path: str = "old.h5", **config: Any) -> Path:
    """A model of Keras 2.13 that Keras 3 does not load as it is."""
    return K213.h5(Path(path), convolution(K213, "DepthwiseConv2D", **(config or {"groups": 1})))


def lookup(path: str = "lookup.h5") -> Path:
    """A model whose vocabulary an .h5 file does not hold."""
    config: dict[str, Any] = {
        "max_tokens": None,
        "num_oov_indices": 1,
        "mask_token": None,
        "oov_token": "[UNK]",
        "vocabulary": None,
    }
    layer = K213.layer("StringLookup", "city", **config, invert=False, output_mode="int", pad_to_max_tokens=False)
    return K213.h5(Path(path), stack(K213, layer.but(dtype="int64")))


def files(folder: str = ".") -> dict[str, str]:
    """Every file below a folder, and its digest."""
    below = (path for path in Path(folder).rglob("*") if path.is_file())
    return {path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in below}


class TestOneArtifact:
    def test_that_loads_is_not_written_again(self, modelcompat: Any) -> None:
        before = files()
        result = modelcompat("migrate", "plain.keras", *TO_KERAS_3)
        assert result.code == 0
        assert result.out.startswith("plain.keras: loads in tf2.21 already, and nothing is written")
        assert files() == before

    def test_is_written_beside_itself_with_a_record(self, modelcompat: Any) -> None:
        before = hashlib.sha256(old().read_bytes()).hexdigest()
        result = modelcompat("migrate", "old.h5", *TO_KERAS_3)
        assert result.code == 0
        assert "edits      drop-default-argument: 1 place\n" in result.out
        assert "written    old.tf2.21.h5\n" in result.out
        assert files()["old.h5"] == before
        assert modelcompat("check", "old.tf2.21.h5", "--runtime", "tf2.21").code == 0
        record = json.loads(Path("old.tf2.21.h5.migration.json").read_text())
        assert record["outcome"] == "not proven"
        assert record["source"] == {"name": "old.h5", "sha256": before, "saved_by": record["source"]["saved_by"]}
        assert record["written"]["sha256"] == files()["old.tf2.21.h5"]
        assert [each["name"] for each in record["edits"]] == ["drop-default-argument"]
        assert str(Path.cwd()) not in json.dumps(record)

    def test_gives_the_same_bytes_twice(self, modelcompat: Any) -> None:
        old()
        modelcompat("migrate", "old.h5", *TO_KERAS_3)
        first = files()
        assert modelcompat("migrate", "old.h5", *TO_KERAS_3, "--overwrite").code == 0
        assert files() == first

    def test_is_planned_in_full_and_not_written(self, modelcompat: Any) -> None:
        old()
        before = files()
        result = modelcompat("migrate", "old.h5", "--runtime", "tf2.21", "--dry-run")
        assert result.code == 0
        for label in ('changes    "convolution": groups=1 is dropped', "answers ", "because ", "wrong if "):
            assert f"\n  {label}" in result.out
        assert "writes     old.tf2.21.h5" in result.out
        assert files() == before

    def test_goes_to_another_folder_under_its_own_name(self, modelcompat: Any) -> None:
        old()
        assert modelcompat("migrate", "old.h5", *TO_KERAS_3, "--out", "new/er").code == 0
        assert sorted(files("new")) == ["new/er/old.h5", "new/er/old.h5.migration.json"]

    def test_as_json_has_the_plan(self, modelcompat: Any) -> None:
        old()
        (data,) = modelcompat("migrate", "old.h5", *TO_KERAS_3, "--json").data
        assert (data["outcome"], data["written"], data["way"]) == ("not proven", "old.tf2.21.h5", "edits")
        (edit,) = data["edits"]
        assert edit["changes"] == [{"where": '"convolution"', "before": "groups=1", "after": ""}]
        assert [each["subject"] for each in edit["answers"]] == ["DepthwiseConv2D(groups=…)"]
        assert all(edit[key] for key in ("because", "source", "wrong_if"))

    def test_with_a_finding_that_no_edit_answers_says_what_is_needed(self, modelcompat: Any) -> None:
        result = modelcompat("migrate", "custom.keras", *TO_KERAS_3)
        assert result.code == 1
        assert "NEEDS YOUR CODE  UNKNOWN LAYER shop>Scale" in result.out
        assert (
            "then       modelcompat migrate custom.keras --runtime tf2.21 --prove none --custom legacy.py:Scale"
            in result.out
        )
        (data,) = modelcompat("migrate", "custom.keras", *TO_KERAS_3, "--json").data
        assert (data["outcome"], data["written"]) == ("needs you", None)
        assert data["needs"][0]["options"] == [["--custom", "legacy.py:Scale"]]

    @pytest.mark.parametrize("custom", ["Scale", "shop.layers:Scale", "legacy.py:Scale"])
    def test_with_a_class_that_is_declared_loads(self, modelcompat: Any, custom: str) -> None:
        Path("legacy.py").write_text("")
        result = modelcompat("migrate", "custom.keras", *TO_KERAS_3, "--custom", custom)
        assert (result.code, "loads in tf2.21 already" in result.out) == (0, True)

    def test_is_explained_by_inspect(self, modelcompat: Any) -> None:
        old()
        modelcompat("migrate", "old.h5", *TO_KERAS_3)
        page = modelcompat("inspect", "old.tf2.21.h5").out
        assert "migrated   from old.h5 to tf2.21, not proven, by drop-default-argument\n" in page
        Path("old.tf2.21.h5").write_bytes(old("other.h5").read_bytes())
        assert "it has changed since" in modelcompat("inspect", "old.tf2.21.h5").out


class TestVocabulary:
    def test_that_is_lost_is_given_by_a_file(self, modelcompat: Any) -> None:
        lookup()
        needs = modelcompat("migrate", "lookup.h5", *TO_KERAS_3)
        assert needs.code == 1
        assert (
            "then       modelcompat migrate lookup.h5 --runtime tf2.21 --prove none --vocabulary city=city.txt"
            in needs.out
        )
        Path("city.txt").write_text("Bern\nKöln\n", encoding="utf-8")
        result = modelcompat("migrate", "lookup.h5", *TO_KERAS_3, "--vocabulary", "city=city.txt")
        assert result.code == 0
        assert "give-vocabulary" in result.out

    @pytest.mark.parametrize(
        ("given", "content", "sentence"),
        [
            ("city", b"Bern\n", "--vocabulary city is not NAME=FILE, such as lookup=city.txt"),
            ("city=none.txt", b"", "--vocabulary city=none.txt: none.txt does not exist"),
            ("city=city.txt", b"", "city.txt is empty; write a term a line"),
            ("city=city.txt", b"\xff\n", "city.txt is no text in UTF-8; write a term a line"),
            ("town=city.txt", b"Bern\n", "--vocabulary town: no layer of this name lacks its vocabulary"),
        ],
    )
    def test_that_is_none_is_refused(self, modelcompat: Any, given: str, content: bytes, sentence: str) -> None:
        lookup()
        Path("city.txt").write_bytes(content)
        result = modelcompat("migrate", "lookup.h5", *TO_KERAS_3, "--vocabulary", given)
        assert sentence in result.err
        assert result.code == 2


def weights_only(path: Path) -> None:
    handmade.write_h5(path, {})
    import h5py

    with h5py.File(path, "a") as file:
        del file.attrs["model_config"]
        file["dense/kernel:0"] = np.zeros((2, 2), np.float32)


def broken_off(path: Path) -> None:
    import h5py

    h5py.File(path, "w").close()


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "text.h5": (lambda path: path.write_text("hello"), "neither"),
    "empty.h5": (lambda path: path.write_bytes(b""), "empty"),
    "pointer.h5": (
        lambda path: path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"),
        "Git LFS pointer",
    ),
    "cut.h5": (lambda path: path.write_bytes(old("whole.h5").read_bytes()[:3000]), "truncated"),
    "weights.h5": (weights_only, "holds"),
    "left.h5": (broken_off, "holds neither a Keras model nor its weights"),
    "deep.keras": (
        lambda path: handmade.write_keras(path, json.loads('{"config":' * 500 + "{}" + "}" * 500)),
        "deep.keras",
    ),
    "none.h5": (lambda _: None, "does not exist"),
}


class TestBadInput:
    @pytest.mark.parametrize("name", BAD)
    def test_is_one_sentence(self, modelcompat: Any, name: str) -> None:
        make, part = BAD[name]
        make(Path(name))
        before = files()
        result = modelcompat("migrate", name, *TO_KERAS_3)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("modelcompat: ")
        assert result.err.count("\n") == 1
        assert part in result.err
        assert files() == before

    def test_as_json_is_an_object(self, modelcompat: Any) -> None:
        (data,) = modelcompat("migrate", "none.h5", *TO_KERAS_3, "--json").data
        assert (data["outcome"], data["problem"]) == ("unreadable", "none.h5 does not exist")

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ((), "name a runtime to judge for, such as --runtime tf2.21"),
            (("--runtime", "tf2.51"), "'tf2.51' is not a known runtime"),
            (("--runtime", "tf2.21", "--prove", "tf2.51"), "--prove takes auto, local, none, or the name of a runtime"),
            (("--runtime", "tf2.21", "--jobs", "0"), "--jobs is the number of artifacts at a time"),
            (("--runtime", "tf2.21", "--inputs", "none.npz"), "--inputs none.npz does not exist"),
            (("--runtime", "tf2.21", "--out", "old.h5"), "--out old.h5 is a file; name a folder"),
            (("--runtime", "tf2.21", "--to", "onnx"), "onnx"),
            (("--runtime", "tf2.21", "--custom", ":Scale"), "--custom :Scale names no class"),
            (("--runtime", "tf2.21", "--custom", "none.py:Scale"), "none.py does not exist"),
        ],
    )
    def test_in_the_options_is_one_sentence(self, modelcompat: Any, arguments: tuple[str, ...], sentence: str) -> None:
        old()
        result = modelcompat("migrate", "old.h5", *arguments)
        assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
        assert sentence in result.err

    def test_of_a_folder_without_models_is_one_sentence(self, modelcompat: Any) -> None:
        Path("nothing").mkdir()
        result = modelcompat("migrate", "nothing", *TO_KERAS_3)
        assert (result.code, result.err) == (2, "modelcompat: nothing is an empty folder\n")

    def test_an_output_that_exists_is_kept(self, modelcompat: Any) -> None:
        old()
        Path("old.tf2.21.h5").write_text("mine")
        result = modelcompat("migrate", "old.h5", *TO_KERAS_3)
        assert result.code == 2
        assert "old.tf2.21.h5 exists already; --overwrite replaces it, and --out DIR" in result.err
        assert Path("old.tf2.21.h5").read_text() == "mine"
        assert modelcompat("migrate", "old.h5", *TO_KERAS_3, "--overwrite").code == 0

    def test_the_artifact_itself_is_never_written(self, modelcompat: Any) -> None:
        before = hashlib.sha256(old().read_bytes()).hexdigest()
        result = modelcompat("migrate", "old.h5", *TO_KERAS_3, "--out", ".", "--overwrite")
        assert result.code == 2
        assert "old.h5 is the artifact itself, which is never changed" in result.err
        assert files()["old.h5"] == before

    def test_a_folder_that_takes_no_file_leaves_nothing(self, modelcompat: Any) -> None:
        old()
        Path("file").write_text("")
        result = modelcompat("migrate", "old.h5", *TO_KERAS_3, "--out", "file/below")
        assert result.code == 2
        assert result.err == "modelcompat: file/below/old.h5 cannot be written: Not a directory\n"


class TestFolder:
    @pytest.fixture
    def many(self) -> Path:
        for name in ("a", "b/c"):
            Path("many", name).mkdir(parents=True)
            old(f"many/{name}/old.h5")
        shutil.copy("plain.keras", "many/plain.keras")
        shutil.copy("custom.keras", "many/custom.keras")
        return Path("many")

    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_is_a_table_and_a_summary_by_cause(self, modelcompat: Any, many: Path, jobs: str) -> None:
        result = modelcompat("migrate", many, *TO_KERAS_3, "--out", "new", "--jobs", jobs)
        assert result.code == 1
        rows = [line.split() for line in result.out.splitlines()[:4]]
        assert [(row[0], " ".join(row[1:3])) for row in rows] == [
            ("many/custom.keras", "needs you"),
            ("many/plain.keras", "loads already"),
            ("many/a/old.h5", "not proven"),
            ("many/b/c/old.h5", "not proven"),
        ]
        assert "NEEDS YOUR CODE  UNKNOWN LAYER shop>Scale: 1 artifact" in result.out
        assert "add to the command then: --custom legacy.py:Scale" in result.out
        assert result.out.endswith("4 artifacts for tf2.21: 1 loads already, 2 not proven, 1 needs you\n")
        assert Path("new/b/c/old.h5").is_file()

    def test_leaves_out_what_it_has_written(self, modelcompat: Any, many: Path) -> None:
        modelcompat("migrate", many, *TO_KERAS_3)
        again = modelcompat("migrate", many, *TO_KERAS_3, "--dry-run", "--json").data
        assert [each["path"] for each in again] == [
            *("many/custom.keras", "many/plain.keras", "many/a/old.h5", "many/b/c/old.h5")
        ]

    def test_two_of_one_name_are_not_written_over_each_other(self, modelcompat: Any, many: Path) -> None:
        arguments = ("migrate", many / "a/old.h5", many / "b/c/old.h5", *TO_KERAS_3, "--out", "new")
        result = modelcompat(*arguments)
        assert result.code == 2
        assert "many/b/c/old.h5 and many/a/old.h5 would both be written to new/old.h5" in result.err
        assert json.loads(Path("new/old.h5.migration.json").read_text())["source"]["name"] == "old.h5"

    def test_a_file_that_cannot_be_read_does_not_stop_the_others(self, modelcompat: Any, many: Path) -> None:
        (many / "broken.h5").write_bytes((many / "a/old.h5").read_bytes()[:3000])
        result = modelcompat("migrate", many, *TO_KERAS_3, "--out", "new")
        assert result.code == 2
        assert "truncated" in result.err
        assert "2 not proven" in result.out
        assert "1 unreadable" in result.out


def test_a_saved_model_that_loads_is_not_written_again(modelcompat: Any) -> None:
    result = modelcompat("migrate", "graph", *TO_KERAS_3)
    assert (result.code, "loads in tf2.21 already" in result.out) == (0, True)


def test_what_is_newer_is_migrated_down(modelcompat: Any) -> None:
    K315.h5(Path("new.h5"), small(K315))
    (data,) = modelcompat("migrate", "new.h5", "--runtime", "tf2.16", "--dry-run", "--json").data
    assert data["target"].startswith("new.tf2.16.")


def test_bytecode_names_the_function_that_is_needed(modelcompat: Any) -> None:
    K213.h5(Path("coded.h5"), coded(K213, "3.11"))
    assert code("3.11", "arithmetic")
    out = modelcompat("migrate", "coded.h5", *TO_KERAS_3).out
    assert "def double(inputs):" in out
    assert "--import legacy.py --custom 'legacy>double'" in out
