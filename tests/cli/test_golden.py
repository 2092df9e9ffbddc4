"""`modelcompat golden`: listing, showing, pruning with a real pytest, and thawing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.cli.parser import UsageError
from pytest_modelcompat.cli.pytest_config import find_pytest_config
from pytest_modelcompat.comparison.leaves import leaf_statistics
from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.release_store import ReleaseStore
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import Ragged, Sparse, pack
from tests.cli.goldens import freeze, names
from tests.golden.goldens import LFS_POINTER, a_golden, write

RANKER = GoldenName(("tests", "test_models"), "test_ranker")
TAGGER = GoldenName(("tests", "test_models"), "test_tagger[a/b]")
BUILT = GoldenName((), "shop.models:build")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and the current one, with three goldens; two releases of one of them are frozen."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    for name in (RANKER, TAGGER, BUILT):
        write(GoldenStore(Path("golden")), name, a_golden())
    freeze(RANKER, "v1.10")
    freeze(RANKER, "v1.2", "h5", "keras")
    return tmp_path


@pytest.mark.usefixtures("project")
class TestList:
    def test_shows_each_golden_and_a_total(self, modelcompat: Any) -> None:
        result = modelcompat("golden", "list")
        assert (result.code, result.err) == (0, "")
        header, built, ranker, tagger, empty, total = result.out.splitlines()
        assert header.split() == ["name", "formats", "made", "by", "size", "frozen"]
        assert built.startswith("shop.models:build ")
        assert ranker.startswith("tests/test_models/test_ranker ")
        assert "  h5, saved_model  Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7  " in ranker
        assert ranker.endswith("kB  v1.2, v1.10")
        assert tagger.startswith("tests/test_models/test_tagger[a/b] ")
        assert tagger.endswith("  -")
        assert (empty, total) == ("", "3 goldens, 8.5 kB; 3 frozen artifacts, 21 bytes")

    def test_as_data(self, modelcompat: Any, project: Path) -> None:
        built, ranker, _ = modelcompat("golden", "list", "--json").data
        assert (built["name"], built["frozen"]) == ("shop.models:build", [])
        assert ranker["formats"] == ["h5", "saved_model"]
        assert ranker["made_by"]["keras"] == "3.15.1"
        assert ranker["size"] == sum(path.stat().st_size for path in (project / ranker["folder"]).glob("*.*"))
        assert [(each["label"], each["format"], each["size"]) for each in ranker["frozen"]] == [
            ("v1.2", "h5", 7), ("v1.2", "keras", 7), ("v1.10", "h5", 7),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("pattern", "found"),
        [
            ("tests/test_models/test_ranker", [RANKER]),
            ("test_ranker", [RANKER]),
            ("tests/test_models", [RANKER, TAGGER]),
            ("tests/", [RANKER, TAGGER]),
            ("tests/test_models.py", [RANKER, TAGGER]),
            ("tests/test_models.py::test_ranker", [RANKER]),
            ("golden/tests/test_models", [RANKER, TAGGER]),
            ("golden/tests/test_models/test_tagger[a%2Fb]", [TAGGER]),
            ("test_tagger[a/b]", [TAGGER]),
            ("tests/*er", [RANKER]),
            ("*build", [BUILT]),
            ("test_?a*", [RANKER, TAGGER]),
        ],
    )
    def test_of_some(self, modelcompat: Any, pattern: str, found: list[GoldenName]) -> None:
        result = modelcompat("golden", "list", pattern, "--json")
        assert [each["name"] for each in result.data] == [str(name) for name in found]

    def test_of_none(self, modelcompat: Any) -> None:
        result = modelcompat("golden", "list", "test_rankr")
        assert (result.code, result.err) == (
            2,
            "modelcompat: no golden is called test_rankr; did you mean 'test_ranker'?\n",
        )

    def test_says_which_are_broken(self, modelcompat: Any) -> None:
        Path("golden/tests/test_models/test_ranker/arrays.npz").write_text(LFS_POINTER)
        Path("golden/tests/test_models/test_ranker/frozen/v1.2/frozen.json").write_text("{")
        result = modelcompat("golden", "list")
        assert result.code == 2
        ranker = result.out.splitlines()[2].split("  ")
        assert [cell.strip() for cell in ranker if cell.strip()][1:3] == ["-", "broken"]
        assert ranker[-1] == "v1.2 (broken), v1.10"
        assert "3 goldens (1 broken), " in result.out
        first, second = result.err.splitlines()
        assert first.endswith("arrays.npz is a Git LFS pointer, not the file itself: run `git lfs pull`.")
        assert "golden/tests/test_models/test_ranker/frozen/v1.2/frozen.json is not valid JSON" in second
        data = modelcompat("golden", "list", "--json").data[1]
        assert data["problem"] + "\n" == first.removeprefix("modelcompat: ") + "\n"
        assert [each.get("problem", "")[:6] for each in data["frozen"]] == ["golden", ""]

    def test_says_where_only_frozen_releases_are_left(self, modelcompat: Any) -> None:
        GoldenStore(Path("golden")).remove(RANKER)
        result = modelcompat("golden", "list", "test_ranker")
        assert result.code == 0
        assert "no golden, only frozen releases" in result.out
        assert result.out.splitlines()[-1] == "0 goldens, 0 bytes; 3 frozen artifacts, 21 bytes"

    def test_of_no_folder(self, modelcompat: Any) -> None:
        result = modelcompat("golden", "list", "--golden-dir", "nowhere")
        assert result.code == 2
        assert "there is no golden folder nowhere" in result.err

    def test_of_an_empty_folder(self, modelcompat: Any) -> None:
        Path("none").mkdir()
        result = modelcompat("golden", "list", "--golden-dir", "none")
        assert (result.code, result.out) == (0, "0 goldens, 0 bytes\n")


@pytest.mark.usefixtures("project")
class TestShow:
    def test_shows_what_is_recorded(self, modelcompat: Any) -> None:
        result = modelcompat("golden", "show", "test_ranker")
        assert (result.code, result.err) == (0, "")
        lines = result.out.splitlines()
        assert lines[0] == "tests/test_models/test_ranker"
        for expected in (
            "  folder     golden/tests/test_models/test_ranker",
            "  made by    Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7",
            "  input      x  float32 (2, 3)",
            "  output     score  float32 (2, 1)  min 0.25, max 0.5, mean 0.375, std 0.125",
            "  output     label  string (2,)  distinct 2",
            "  weights    2",
            "  format     h5  1 layer",
            "  format     saved_model  3 ops",
            "  frozen     v1.2  h5  7 bytes  saved by Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7",
        ):
            assert expected in lines
        assert [line.split()[0:2] for line in lines[-2:]] == [["v1.2", "keras"], ["v1.10", "h5"]]

    def test_shows_every_kind_of_tensor(self, modelcompat: Any) -> None:
        ragged = Ragged(np.arange(4, dtype=np.float32), (np.array([0, 1, 4]),))
        sparse = Sparse(np.zeros((1, 2), np.int64), np.ones(1, np.float32), (3, 3))
        outputs = {"s": sparse, "n": np.array([np.nan, np.inf])}
        figures = {name: leaf_statistics(leaf) for name, leaf in outputs.items()}
        golden = a_golden(inputs=pack([ragged, np.float32(1)]), outputs=pack(outputs), statistics=figures)
        write(GoldenStore(Path("golden")), TAGGER, golden)
        lines = modelcompat("golden", "show", str(TAGGER)).out.splitlines()
        assert "  input      input_0  float32 (2, ?), ragged" in lines
        assert "  input      input_1  float32 ()" in lines
        assert "  output     s  float32 (3, 3), sparse  min 1.0, max 1.0, mean 1.0, std 0.0" in lines
        assert "  output     n  float64 (2,)  nan 1, inf 1" in lines

    def test_as_data(self, modelcompat: Any) -> None:
        (data,) = modelcompat("golden", "show", "test_ranker", "--json").data
        assert data["outputs"]["score"]["shape"] == [2, 1]
        assert data["outputs"]["score"]["max"] == 0.5
        assert data["inputs"] == {"x": {"dtype": "float32", "shape": [2, 3], "kind": "dense"}}
        assert data["formats"]["saved_model"] == {"layers": 0, "ops": 3, "signatures": 0}
        assert len(data["frozen"]) == 3
        assert (data["name"], data["label"], data["problem"]) == (str(RANKER), "", "")

    def test_shows_a_release(self, modelcompat: Any) -> None:
        result = modelcompat("golden", "show", "test_ranker:v1.10")
        lines = result.out.splitlines()
        assert lines[0] == "tests/test_models/test_ranker, as of v1.10"
        assert "  folder     golden/tests/test_models/test_ranker/frozen/v1.10" in lines
        assert "  format     h5  1 layer" in lines
        assert not any("saved_model" in line or "v1.2" in line for line in lines)

    def test_of_a_tests_id(self, modelcompat: Any) -> None:
        by_id = modelcompat("golden", "show", "tests/test_models.py::test_ranker")
        assert by_id == modelcompat("golden", "show", "tests/test_models/test_ranker")
        assert by_id.code == 0
        frozen = modelcompat("golden", "show", "tests/test_models.py::test_ranker:v1.2")
        assert frozen.out.splitlines()[0] == "tests/test_models/test_ranker, as of v1.2"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("test_rankr", "no golden is called test_rankr; did you mean 'test_ranker'?"),
            (
                "tests/test_models.py::test_rankr",
                "no golden is called tests/test_models.py::test_rankr; did you mean 'tests/test_models/test_ranker'?",
            ),
            (
                "tests/test_model/test_ranker",
                "no golden is called tests/test_model/test_ranker; did you mean 'tests/te",
            ),
            ("test_rankr:v1.2", "no golden is called test_rankr; did you mean 'test_ranker'?"),
            ("test_ranker:v1.1", "tests/test_models/test_ranker has no release v1.1; did you mean 'v1."),
            ("test_ranker:2023", "tests/test_models/test_ranker has no release 2023; frozen are v1.2, v1.10"),
            ("test_tagger[a/b]:v1", "tests/test_models/test_tagger[a/b] has no release v1; nothing of it is frozen"),
            ("tests", "tests matches 2 goldens: tests/test_models/test_ranker, tests/test_models/test_tagger[a/b]"),
        ],
    )
    def test_of_what_is_not_there(self, modelcompat: Any, given: str, said: str) -> None:
        result = modelcompat("golden", "show", given)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith(f"modelcompat: {said}")

    def test_of_a_name_with_a_colon(self, modelcompat: Any) -> None:
        assert modelcompat("golden", "show", "shop.models:build").out.startswith("shop.models:build\n")
        freeze(BUILT, "v1")
        assert modelcompat("golden", "show", "shop.models:build:v1").out.startswith("shop.models:build, as of v1\n")

    def test_says_what_is_broken(self, modelcompat: Any) -> None:
        Path("golden/tests/test_models/test_ranker/golden.json").write_text("<<<<<<< HEAD")
        Path("golden/tests/test_models/test_ranker/frozen/v1.2/model.h5").write_bytes(b"a mode1")
        result = modelcompat("golden", "show", "test_ranker")
        assert result.code == 2
        assert "  golden     broken" in result.out.splitlines()
        assert "  frozen     v1.2  h5  broken: see below" in result.out.splitlines()
        first, second = result.err.splitlines()
        assert "golden.json is not valid JSON" in first
        assert "model.h5 differs from what was frozen." in second

    def test_of_a_release_without_its_golden(self, modelcompat: Any) -> None:
        Path("golden/tests/test_models/test_ranker/frozen/v1.10/golden.json").unlink()
        result = modelcompat("golden", "show", "test_ranker:v1.10", "--json")
        assert result.code == 2
        assert "There is no golden golden/tests/test_models/test_ranker/frozen/v1.10." in result.data[0]["problem"]


@pytest.mark.usefixtures("project")
class TestThaw:
    def test_removes_a_release_of_a_case(self, modelcompat: Any) -> None:
        result = modelcompat("golden", "thaw", "tests/test_models/test_ranker", "v1.2")
        assert (result.code, result.err) == (0, "")
        assert result.out == "removed: tests/test_models/test_ranker as of v1.2  h5, keras  14 bytes\n"
        assert ReleaseStore(Path("golden")).labels(RANKER) == ("v1.10",)
        assert len(names()) == 3

    def test_removes_several(self, modelcompat: Any) -> None:
        assert modelcompat("golden", "thaw", "test_ranker", "v1.2", "v1.10").code == 0
        assert not Path("golden/tests/test_models/test_ranker/frozen").exists()
        assert len(names()) == 3

    def test_removes_a_broken_one(self, modelcompat: Any) -> None:
        Path("golden/tests/test_models/test_ranker/frozen/v1.2/frozen.json").unlink()
        result = modelcompat("golden", "thaw", "test_ranker", "v1.2")
        assert result.out == "removed: tests/test_models/test_ranker as of v1.2  broken\n"
        assert ReleaseStore(Path("golden")).labels(RANKER) == ("v1.10",)

    def test_removes_a_release_of_all_cases_only_with_yes(self, modelcompat: Any) -> None:
        freeze(TAGGER, "v1.2")
        shown = modelcompat("golden", "thaw", "--label", "v1.2")
        assert shown.code == 1
        assert shown.out.splitlines() == [
            "would be removed: tests/test_models/test_ranker as of v1.2  h5, keras  14 bytes",
            "would be removed: tests/test_models/test_tagger[a/b] as of v1.2  h5  7 bytes",
            "2 frozen releases; --yes removes them",
        ]
        assert len(ReleaseStore(Path("golden")).all()) == 4
        removed = modelcompat("golden", "thaw", "--label", "v1.2", "--yes")
        assert removed.code == 0
        assert removed.out.startswith("removed: tests/test_models/test_ranker as of v1.2")
        assert [each.label for each in ReleaseStore(Path("golden")).all()] == ["v1.10"]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["test_ranker", "v1.2", "v1.3"], "tests/test_models/test_ranker has no release v1.3; did you mean"),
            (["test_rankr", "v1.2"], "no golden is called test_rankr; did you mean 'test_ranker'?"),
            (["--label", "v1.100"], "nothing is frozen as v1.100; did you mean 'v1.10'?"),
            (["test_ranker"], "golden thaw takes a golden's name and its releases, or --label"),
            ([], "golden thaw takes a golden's name and its releases, or --label"),
            (["test_ranker", "v1.2", "--label", "v1.2"], "golden thaw takes a golden's name and its releases, or"),
        ],
    )
    def test_refuses(self, modelcompat: Any, arguments: list[str], said: str) -> None:
        result = modelcompat("golden", "thaw", *arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith(f"modelcompat: {said}")
        assert len(ReleaseStore(Path("golden")).all()) == 3


class TestCommand:
    def test_help(self, modelcompat: Any) -> None:
        assert modelcompat("golden", "-h").out.startswith("usage: modelcompat golden list")
        assert modelcompat("golden").code == 2
        assert "golden thaw [-h]" in modelcompat("golden", "thaw", "-h").out

    def test_near_match(self, modelcompat: Any) -> None:
        assert modelcompat("golden", "lst").err == "modelcompat: there is no `golden lst`; did you mean 'list'?\n"


class TestProject:
    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("pytest.ini", "[pytest]\nmodelcompat_golden_dir = kept/here\n"),
            (".pytest.ini", "[pytest]\nmodelcompat_golden_dir = kept/here\n"),
            ("tox.ini", "[tox]\n[pytest]\nmodelcompat_golden_dir = kept/here\n"),
            ("setup.cfg", "[tool:pytest]\nmodelcompat_golden_dir = kept/here\n"),
            ("pyproject.toml", '[tool.pytest.ini_options]\nmodelcompat_golden_dir = "kept/here"\n'),
            ("pyproject.toml", '[tool.pytest]\nmodelcompat_golden_dir = "kept/here"\n'),
            ("pytest.toml", '[pytest]\nmodelcompat_golden_dir = "kept/here"\n'),
        ],
    )
    def test_reads_what_pytest_reads(self, tmp_path: Path, file: str, text: str) -> None:
        (tmp_path / file).write_text(text)
        (tmp_path / "tests" / "unit").mkdir(parents=True)
        assert find_pytest_config(tmp_path).root == tmp_path
        assert find_pytest_config(tmp_path).goldens == Path("kept/here")
        assert find_pytest_config(tmp_path / "tests" / "unit").goldens == tmp_path / "kept" / "here"

    def test_passes_over_files_that_are_not_pytests(self, tmp_path: Path) -> None:
        (tmp_path / "pytest.ini").write_text("[pytest]\nmodelcompat_golden_dir = above\n")
        folder = tmp_path / "package"
        folder.mkdir()
        (folder / "tox.ini").write_text("[tox]\n")
        (folder / "setup.cfg").write_text("[metadata]\n")
        (folder / "pyproject.toml").write_text("[project]\n")
        assert find_pytest_config(folder).goldens == tmp_path / "above"
        (folder / "pytest.ini").write_text("")
        assert find_pytest_config(folder).root == folder
        assert find_pytest_config(folder).goldens == Path("golden")

    def test_without_any(self, tmp_path: Path) -> None:
        assert find_pytest_config(tmp_path, "elsewhere").goldens == Path("elsewhere")
        assert find_pytest_config(tmp_path, str(tmp_path.parent / "x")).goldens == tmp_path.parent / "x"

    @pytest.mark.parametrize(
        ("file", "text", "said"),
        [
            ("pyproject.toml", "[tool", "is not valid TOML: Expected"),
            ("pytest.ini", "x = 1", "cannot be understood: File"),
        ],
    )
    def test_that_cannot_be_understood(self, tmp_path: Path, file: str, text: str, said: str) -> None:
        (tmp_path / file).write_text(text)
        with pytest.raises(UsageError, match=f"{file} {said}"):
            find_pytest_config(tmp_path)


def test_a_hidden_option_is_not_in_pytests_help() -> None:
    done = subprocess.run([sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, check=True)
    assert "--modelcompat-keep" in done.stdout
    assert "modelcompat-claims" not in done.stdout


def test_claims_of_a_project_without_model_tests(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text("def test_nothing(): ...")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--modelcompat-claims", "claims.json"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    claims = json.loads((tmp_path / "claims.json").read_text())
    assert claims == {"claims": [], "unsure": [], "collected": ["test_plain"]}
