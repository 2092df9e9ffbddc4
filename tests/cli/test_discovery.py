"""Paths, folders and globs to artifacts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_modelcompat.cli.discovery import find_artifacts
from tests.other_user import as_bound_user

pytestmark = pytest.mark.usefixtures("project")
HDF5 = b"\x89HDF\r\n\x1a\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with models, and with much that looks like models and is none of the user's business."""
    monkeypatch.chdir(tmp_path)
    for name in (
        *("models/v2.h5", "models/v10.h5", "models/deep/er/tower.keras", "models/READ ME.txt", "models/notes.json"),
        *(".git/objects/x.h5", "node_modules/pkg/y.h5", "env/lib/z.h5", "models/.hidden.h5", "models/__pycache__/a.h5"),
        *("served/1/variables/variables.index", "served/1/assets/inside.h5", "served/1/keras_metadata.pb"),
    ):
        write(tmp_path / name)
    write(tmp_path / "served/1/saved_model.pb")
    write(tmp_path / "textual/saved_model.pbtxt")
    write(tmp_path / "env/pyvenv.cfg")
    write(tmp_path / "models/extensionless", HDF5)
    write(tmp_path / "models/LICENSE", b"some text")
    return tmp_path


def write(path: Path, data: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def paths(*arguments: str) -> list[str]:
    found = find_artifacts(arguments)
    assert not any(each.problem for each in found), found
    return [each.path.as_posix() for each in found]


class TestFolders:
    def test_are_walked_in_natural_order(self) -> None:
        assert paths("models") == [
            "models/extensionless",
            "models/v2.h5",
            "models/v10.h5",
            "models/deep/er/tower.keras",
        ]

    def test_that_hide_or_install_things_are_not_entered(self) -> None:
        assert not [each for each in paths(".") if each.startswith((".git", "node_modules", "env"))]

    def test_a_saved_model_is_one_artifact(self) -> None:
        assert paths("served") == ["served/1"]
        assert paths("served/1") == ["served/1"]
        assert paths("textual") == ["textual"]

    def test_named_by_the_user_are_entered_whatever_they_are_called(self) -> None:
        assert paths("node_modules/pkg") == ["node_modules/pkg/y.h5"]

    def test_without_a_model_are_a_problem(self, project: Path) -> None:
        (project / "empty").mkdir()
        (empty,) = find_artifacts(["empty"])
        assert empty.problem == "empty is an empty folder"
        (project / "empty/notes.txt").write_text("no model")
        (text,) = find_artifacts(["empty"])
        assert "empty is a folder without saved_model.pb" in text.problem

    def test_that_may_not_be_read_are_a_problem(self, project: Path) -> None:
        def find() -> None:
            (found,) = find_artifacts(["models"])
            assert re.fullmatch(r"models/deep(/\S+)? cannot be read: Permission denied", found.problem)

        (project / "models/deep").chmod(0)
        as_bound_user(find, project)


class TestPaths:
    def test_are_taken_at_their_word(self) -> None:
        assert paths("models/READ ME.txt", "missing.h5") == ["models/READ ME.txt", "missing.h5"]

    def test_of_a_saved_models_graph_mean_its_folder(self) -> None:
        assert paths("served/1/saved_model.pb") == ["served/1"]

    def test_each_artifact_comes_once(self, project: Path) -> None:
        (project / "latest").symlink_to("served/1")
        assert paths("models/v2.h5", "./models/v2.h5", "served", "latest", "models/v*.h5") == [
            *("models/v2.h5", "served/1", "models/v10.h5")
        ]

    def test_longer_than_any_file_system_allows_are_a_problem(self) -> None:
        (found,) = find_artifacts(["x" * 5000])
        assert "cannot be read" in found.problem or found.path == Path("x" * 5000)


class TestGlobs:
    def test_match_models_only(self) -> None:
        assert paths("models/*") == [
            *("models/deep/er/tower.keras", "models/extensionless", "models/v2.h5", "models/v10.h5")
        ]

    def test_take_any_suffix_if_the_content_is_a_model(self, project: Path) -> None:
        write(project / "models/ranker.weights", HDF5)
        assert paths("models/*.weights") == ["models/ranker.weights"]

    def test_do_not_reach_into_a_saved_model(self) -> None:
        assert paths("served/**") == ["served/1"]
        assert paths("served/*/saved_model.pb") == ["served/1"]

    def test_enter_no_folder_that_a_walk_would_not(self) -> None:
        assert paths("**/*.h5") == ["models/v2.h5", "models/v10.h5"]
        assert paths("env/*/*.h5") == ["env/lib/z.h5"]

    def test_in_a_real_name_are_part_of_it(self, project: Path) -> None:
        write(project / "models [old]/a.h5")
        assert paths("models [old]") == ["models [old]/a.h5"]

    def test_that_match_nothing_are_a_problem(self) -> None:
        (found,) = find_artifacts(["models/*.onnx"])
        assert found.problem == "nothing that looks like a model matches models/*.onnx"
