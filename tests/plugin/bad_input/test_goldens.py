"""Goldens that are missing, broken or cannot be written; and an environment without TensorFlow."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import venv
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_modelcompat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

MODEL = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_model():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="score")])
"""
POINTER = """version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""
BROKEN = "GOLDEN BROKEN test_model[keras]:"
RESTORE = (
    "fix restore it from version control, or record it again: pytest test_it.py::test_model --modelcompat-update-golden"
)
FOLDER = Path("golden", "test_it", "test_model")


@pytest.fixture
def recorded(project: Project) -> Project:
    project.write("test_it.py", MODEL)
    project.record()
    return project


def failed(project: Project) -> pytest.RunResult:
    result = project.run()
    result.assert_outcomes(failed=1)
    return result


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def test_missing(recorded: Project, reported_failure: ReportedFailure) -> None:
    for name in ("golden.json", "arrays.npz"):
        (recorded.path / FOLDER / name).unlink()
    reported_failure(
        failed(recorded),
        "GOLDEN MISSING test_model[keras]: there is no golden yet at golden/test_it/test_model",
        "fix pytest test_it.py::test_model --modelcompat-update-golden",
    )


def test_arrays_missing(recorded: Project, reported_failure: ReportedFailure) -> None:
    (recorded.path / FOLDER / "arrays.npz").unlink()
    reported_failure(
        failed(recorded),
        f"{BROKEN} golden/test_it/test_model/arrays.npz is missing beside golden.json: was it not committed?",
        RESTORE,
    )


def test_truncated_json(recorded: Project, reported_failure: ReportedFailure) -> None:
    cut(recorded.path / FOLDER / "golden.json")
    reported_failure(failed(recorded), f"{BROKEN} golden/test_it/test_model/golden.json is not valid JSON: *", RESTORE)


def test_truncated_arrays(recorded: Project, reported_failure: ReportedFailure) -> None:
    cut(recorded.path / FOLDER / "arrays.npz")
    reported_failure(
        failed(recorded),
        f"{BROKEN} golden/test_it/test_model/arrays.npz (* bytes) is truncated, or not an .npz file",
        RESTORE,
    )


@pytest.mark.parametrize("name", ["golden.json", "arrays.npz"])
def test_git_lfs_pointer(recorded: Project, reported_failure: ReportedFailure, name: str) -> None:
    (recorded.path / FOLDER / name).write_text(POINTER, encoding="utf-8")
    reported_failure(
        failed(recorded),
        f"{BROKEN} golden/test_it/test_model/{name} is a Git LFS pointer, not the file itself: run `git lfs pull`",
        RESTORE,
    )


def test_a_broken_golden_is_recorded_again(recorded: Project) -> None:
    cut(recorded.path / FOLDER / "arrays.npz")
    recorded.record()
    recorded.run().assert_outcomes(passed=1)


def not_written(project: Project) -> pytest.RunResult:
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    return result


def test_a_file_where_the_folder_should_be(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("test_it.py", MODEL)
    (project.path / "golden").write_text("not a folder")
    reported_failure(
        not_written(project),
        "GOLDEN NOT WRITTEN test_model[keras]: golden/test_it/test_model could not be written: Not a directory; "
        "what was there before still is",
        "fix make it a folder that this user can write to, then run the same command again",
    )


def test_recorded_by_a_later_version(recorded: Project, reported_failure: ReportedFailure) -> None:
    path = recorded.path / FOLDER / "golden.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"schema": 1', '"schema": 2'), encoding="utf-8")
    reported_failure(
        not_written(recorded),
        "GOLDEN NOT WRITTEN test_model[keras]: golden/test_it/test_model is not overwritten: *(schema 2; *",
        "fix update pytest-modelcompat, then run the same command again",
    )


@pytest.mark.skipif(os.name != "posix", reason="a folder is write-protected with chmod or chattr")
def test_read_only(recorded: Project, reported_failure: ReportedFailure) -> None:
    recorded.write("test_it.py", MODEL.replace("Dense(2", "Dense(3"))
    with write_protected(recorded.path / FOLDER):
        reported_failure(
            not_written(recorded),
            "GOLDEN NOT WRITTEN test_model[keras]: golden/test_it/test_model could not be written: *",
            "fix make it a folder that this user can write to, then run the same command again",
        )


@contextlib.contextmanager
def write_protected(folder: Path) -> Iterator[None]:
    """Nobody can write to the folder: root, whom permissions do not bind, by the file system's immutable flag."""
    lock, unlock = (["chmod", "a-w"], ["chmod", "u+w"]) if os.geteuid() else (["chattr", "+i"], ["chattr", "-i"])
    if subprocess.run([*lock, str(folder)], check=False, capture_output=True).returncode != 0:
        pytest.skip("root can write everywhere, and this file system has no immutable flag")
    try:
        yield
    finally:
        subprocess.run([*unlock, str(folder)], check=True)


@pytest.fixture(scope="module")
def python_without_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the plugin and what it requires, and no TensorFlow."""
    folder = tmp_path_factory.mktemp("without")
    venv.create(folder / "venv", symlinks=True, with_pip=False)
    packages = folder / "packages"
    packages.mkdir()
    for entry in installed_files("pytest-modelcompat"):
        (packages / entry.name).symlink_to(entry)
    if not (packages / "pytest_modelcompat").exists():  # an editable install has no files of its own
        (packages / "pytest_modelcompat").symlink_to(Path(pytest_modelcompat.__file__).parent)
    site = next((folder / "venv" / "lib").glob("*/site-packages"))
    (site / "required.pth").write_text(str(packages), encoding="utf-8")
    return folder / "venv" / "bin" / "python"


def installed_files(distribution: str) -> set[Path]:
    """What a distribution and all it requires here have at the top of site-packages."""
    found: set[Path] = set()
    wanted, seen = [distribution], set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed = metadata.distribution(name)
            tops = {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}
            found.update(Path(str(installed.locate_file(top))) for top in tops if not top.endswith(".pth"))
            required = [text for text in installed.requires or () if "extra ==" not in text]
            wanted.extend(re.split(r"[^\w.-]", text)[0] for text in required)
    return found


@pytest.mark.skipif(os.name != "posix", reason="the environment is made of symbolic links")
def test_tensorflow_not_installed(
    project: Project, pytester: pytest.Pytester, reported_failure: ReportedFailure, python_without_tensorflow: Path
) -> None:
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_model():
            import tensorflow as tf
            return tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])

        def test_other():
            pass
        """,
    )
    result = pytester.run(str(python_without_tensorflow), "-m", "pytest")
    result.assert_outcomes(failed=1, passed=1)
    reported_failure(
        result,
        "NO TENSORFLOW test_model[h5]: TensorFlow is not installed in this environment, "
        "and models are saved and loaded with it",
        'fix pip install "pytest-modelcompat[tensorflow]"',
        "it said ModuleNotFoundError: No module named 'tensorflow'",
    )
