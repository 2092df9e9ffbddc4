"""An artifact that is not there: the fix names the one that was meant, or the path that leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ("models/ranker-2024.h5", '@pytest.mark.model_artifact("models/ranker-2023.h5")'),
        ("models/ranker-2023.keras", '@pytest.mark.model_artifact("models/ranker-2023.h5")'),
        ("models/tagger.h5", "save the model there before this test runs, or correct the path"),
        ("model/ranker-2023.h5", "correct the path, there is no folder model: it begins at the project's folder, or *"),
    ],
)
@pytest.mark.usefixtures("tensorflow")
def test_an_artifact_that_is_not_there_has_a_fix(project: Project, given: str, fix: str) -> None:
    import keras

    (project.path / "models").mkdir()
    (project.path / "models" / "ranker-2023.txt").touch()
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(project.path / "models" / "ranker-2023.h5")
    test = "import pytest\n{}\ndef test_it():\n    return None\n"
    project.write("test_it.py", test.format(f'@pytest.mark.model_artifact("{given}")'))
    result = project.run()
    result.stdout.fnmatch_lines([f"ARTIFACT BROKEN  test_it*: {given} does not exist", f"  fix        {escaped(fix)}"])
    if fix.startswith("@"):
        project.write("test_it.py", test.format(fix))
        project.record().assert_outcomes(passed=1)


def escaped(line: str) -> str:
    """A line as a pattern of what is printed: brackets are none of fnmatch's."""
    return line.replace("[", "[[]")
