"""Attack files of containers and of SavedModels: each is found by name and place, and reading it makes nothing."""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.unsafe import unsafe_content

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from attacks import containers, saved_models

if TYPE_CHECKING:
    from attacks.attack import Attack

WITHOUT_TENSORFLOW = [attack for attack in containers.ATTACKS if not attack.needs_tensorflow]
# Those whose graph only TensorFlow makes as it is; `benchmarks/attacks_found.py` makes all of them.
OF_TENSORFLOW = (
    *("write-file-in-saver-name", "save-in-restore-name", "sixth-save", "hundredth-print", "long-name-in-large-graph"),
    *("other-tags", "main-op", "table-initializer", "restores-elsewhere", "saver-scope", "table-from-file"),
    *("linked-asset", "text-with-escapes", "snapshot"),
)


def is_found(attack: Attack, folder: Path) -> bool:
    canary = folder / "canary"
    (folder / "artifact").mkdir()
    with warnings.catch_warnings():
        # Python says of the zip that two of its members have one name, as they are meant to.
        warnings.simplefilter("ignore")
        inventory = read_inventory(attack.write(folder / "artifact", canary))
    assert not canary.exists()
    found = ["\n".join((each.subject, *each.where, each.cause)) for each in unsafe_content(inventory)]
    return any(re.search(attack.place, each) for each in found)


@pytest.mark.parametrize("attack", WITHOUT_TENSORFLOW, ids=lambda attack: attack.name)
def test_each_container_is_found_with_its_place(attack: Attack, tmp_path: Path) -> None:
    assert is_found(attack, tmp_path)


@pytest.mark.needs_tensorflow
@pytest.mark.parametrize("name", OF_TENSORFLOW)
def test_saved_models_are_found_with_their_place(name: str, tmp_path: Path) -> None:
    assert is_found(next(attack for attack in saved_models.ATTACKS if attack.name == name), tmp_path)


@pytest.mark.needs_tensorflow
def test_a_saved_model_that_does_nothing_else_is_no_alarm(tmp_path: Path) -> None:
    from attacks.saved_model_folders import save_table
    from attacks.tensorflow_files import save_plain

    (tmp_path / "table").mkdir()
    for path in (save_plain(tmp_path), save_table(tmp_path / "table")):
        assert unsafe_content(read_inventory(path)) == ()
