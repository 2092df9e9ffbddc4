"""Where what is written goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.migration.output.place import OutputPlace, place, staged, unproven


@pytest.mark.parametrize(
    ("artifact", "suffix", "name"),
    [
        ("models/ranker.h5", ".keras", "models/ranker.tf2.21.keras"),
        ("ranker.v1.hdf5", ".h5", "ranker.v1.tf2.21.h5"),
        ("models/tagger", "", "models/tagger.tf2.21"),
        ("tagger.v2", "", "tagger.v2.tf2.21"),
        ("RANKER.H5", ".h5", "RANKER.tf2.21.h5"),
    ],
)
def test_beside_the_artifact(artifact: str, suffix: str, name: str) -> None:
    assert OutputPlace.beside(Path(artifact), "tf2.21").path(suffix) == Path(name)


@pytest.mark.parametrize(("below", "name"), [(None, "new/a.h5"), (Path("models"), "new/x/y/a.h5")])
def test_in_another_folder(below: Path | None, name: str) -> None:
    assert OutputPlace.inside(Path("new"), Path("models/x/y/a.h5"), below).path(".h5") == Path(name)


def test_a_folder_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "tagger"
    target.mkdir()
    (target / "old").touch()
    with staged(target) as part:
        part.mkdir()
        (part / "new").touch()
        place(part, target)
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_unproven_has_no_suffix_of_a_model() -> None:
    assert unproven(Path("a.keras")).suffix == ".unproven"
