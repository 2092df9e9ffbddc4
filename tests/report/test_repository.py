"""Paths relative to the repository, wherever in it the project is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.report.repository import repository_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace" / "services" / "ml"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_a_project_in_a_folder_of_the_workspace(project: Path, name: str) -> None:
    repository = repository_of(project, {name: str(project.parents[1])})
    assert repository.path_of("tests/test_a.py") == "services/ml/tests/test_a.py"
    assert repository.path_of("../lib/models.py") == "services/lib/models.py"
    assert repository.path_of(str(project.parent / "lib/models.py")) == "services/lib/models.py"
    assert repository.path_of("/usr/lib/models.py") == ""
    assert repository.path_of("../../../elsewhere.py") == ""


def test_a_repository_that_is_checked_out_below_the_workspace(project: Path) -> None:
    (project.parent / ".git").mkdir()
    # A submodule has a file of this name.
    (project / ".git").write_text("gitdir: ../.git/modules/ml")
    repository = repository_of(project, {"GITHUB_WORKSPACE": str(project.parents[1])})
    assert repository.path_of("test_a.py") == "ml/test_a.py"


def test_a_repository_inside_the_repository_is_one_of_its_folders(project: Path) -> None:
    (project.parents[1] / ".git").mkdir()
    (project / ".git").mkdir()
    repository = repository_of(project, {"GITHUB_WORKSPACE": str(project.parents[1])})
    assert repository.path_of("test_a.py") == "services/ml/test_a.py"


def test_a_workspace_that_the_project_is_not_in_says_nothing(project: Path, tmp_path: Path) -> None:
    (project.parent / ".git").mkdir()
    for environment in ({}, {"GITHUB_WORKSPACE": ""}, {"GITHUB_WORKSPACE": str(tmp_path / "other")}):
        assert repository_of(project, environment).path_of("test_a.py") == "ml/test_a.py"


def test_without_a_repository_the_project_is_the_root(project: Path) -> None:
    assert repository_of(project, {}).root == project


def test_a_symbolic_link_to_the_project_is_followed(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project)
    repository = repository_of(link, {"GITHUB_WORKSPACE": str(project.parents[1])})
    assert repository.path_of("test_a.py") == "services/ml/test_a.py"
    assert repository.path_of(str(link / "test_a.py")) == "services/ml/test_a.py"
