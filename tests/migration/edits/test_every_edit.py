"""Every edit: where it applies, where its condition forbids it, and that the proof sees it applied wrongly."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import KERAS_3, Target
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.migration import Lost
from tests.migration.edits.every_edit import ROWS, WITHOUT_A_ROW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft

pytestmark = pytest.mark.needs_tensorflow

if importlib.util.find_spec("tf_keras") is None or importlib.util.find_spec("keras") is None:
    pytest.skip("Keras 2 is not installed beside Keras 3", allow_module_level=True)

import keras  # noqa: E402
import tf_keras  # noqa: E402

from tests.migration.edits.proof_here import Saved, problem_of  # noqa: E402

if tuple(int(each) for each in keras.__version__.split(".")[:2]) < (3, 14):
    pytest.skip("what the files are migrated to is newer than this Keras", allow_module_level=True)

BY_NAME = {each.name: each for each in EDITS}


@pytest.fixture(scope="module", autouse=True)
def eager() -> Iterator[None]:
    """Nothing is traced: that would take most of the time."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def written(draft: Draft, folder: Path, name: str) -> Path:
    path = folder / f"{name}{draft.suffix or f'.{draft.format}'}"
    write(Rewrite.of(draft), path)
    return path


@pytest.mark.parametrize("name", ROWS)
def test_it_applies_and_the_proof_sees_it_applied_wrongly(name: str, tmp_path: Path) -> None:
    row = ROWS[name]
    saved = Saved.of(row.model, tmp_path)
    inventory = read_inventory(saved.path)
    target = Target(load_profile(row.runtime), dict(inventory.saved_by), frozenset(row.custom))
    plan = plan_edits(inventory, target, is_written=True)
    assert name in [each.name for each in plan.edits]
    assert plan.left == ()

    reader: Any = keras if target.reader >= KERAS_3 else tf_keras
    lost = [Lost(each.loses, each.loses_loss, each.loses_steps) for each in plan.edits if each.loses]
    right = written(plan.draft, tmp_path, "right")
    assert problem_of(saved, plan.draft, right, lost, reader) == ("", "")

    row.spoil(plan.draft)
    wrong = written(plan.draft, tmp_path, "wrong")
    seen_by, problem = problem_of(saved, plan.draft, wrong, lost, reader)
    assert (seen_by, bool(problem)) == (row.seen_by, not row.unseen), problem


@pytest.mark.parametrize("name", ROWS)
def test_its_condition_forbids_it(name: str, tmp_path: Path) -> None:
    forbids = ROWS[name].forbids
    draft = forbids.draft(tmp_path)
    before = draft.copy()
    assert list(BY_NAME[name].apply(draft, forbids.target(draft))) == []
    assert draft == before


def test_no_edit_is_without_a_row() -> None:
    assert set(BY_NAME) == set(ROWS) | WITHOUT_A_ROW
    assert all(bool(each.seen_by) != bool(each.unseen) for each in ROWS.values())
