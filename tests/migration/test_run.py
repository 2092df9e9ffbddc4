"""One artifact: what gets the name, what is left unproven, and that nothing else is left."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.golden.migrated_copies import file_of, read_provenance
from pytest_modelcompat.migration.artifact_plan import ArtifactPlan, plan_artifact
from pytest_modelcompat.migration.output.place import OutputPlace
from pytest_modelcompat.migration.output.provenance import done_before
from pytest_modelcompat.migration.request import MigrationRequest
from pytest_modelcompat.migration.run import Migration
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.migration import Lost, Outcome, Proof
from tests.compatibility.models import K213, convolution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory

REQUEST = MigrationRequest("tf2.21", load_profile("tf2.21"))


@dataclass
class Verdict:
    """A prover that has seen enough: it notes what it was given."""

    proof: Proof
    seen: list[tuple[Path, str, bool, tuple[Lost, ...]]] = field(default_factory=list)

    def prove(self, old: Inventory, new: Inventory, lost: Sequence[Lost] = ()) -> Proof:
        self.seen.append((old.path, new.path.name, new.path.is_file(), tuple(lost)))
        return self.proof


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return K213.h5(tmp_path / "old.h5", convolution(K213, "DepthwiseConv2D", groups=1))


def planned(path: Path, request: MigrationRequest = REQUEST) -> ArtifactPlan:
    return plan_artifact(read_inventory(path), request, OutputPlace.beside(path, "tf2.21"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_proven_gets_its_name(old: Path) -> None:
    prover = Verdict(Proof(old="tf2.13", new="tf2.21", figures={"score": "1e-07"}))
    result = Migration(REQUEST, prover).run(planned(old))
    target = old.with_name("old.tf2.21.h5")
    assert (result.outcome, result.written) == (Outcome.PROVEN, target)
    # It is proven under the suffix by which Keras chooses its reader, and is there by then.
    assert prover.seen == [(old, target.name, True, ())]
    assert names(old.parent) == ["old.h5", "old.tf2.21.h5", "old.tf2.21.h5.migration.json"]
    assert json.loads(file_of(target).read_text())["proof"]["figures"] == {"score": "1e-07"}


def test_what_is_not_proven_is_left_under_another_name(old: Path) -> None:
    result = Migration(REQUEST, Verdict(Proof(problem="the outputs drift by 0.2"))).run(planned(old))
    assert result.outcome is Outcome.UNPROVEN
    assert names(old.parent) == ["old.h5", "old.tf2.21.h5.unproven", "old.tf2.21.h5.unproven.migration.json"]
    again = Migration(REQUEST, Verdict(Proof())).run(planned(old))
    assert again.outcome is Outcome.PROVEN
    assert names(old.parent) == ["old.h5", "old.tf2.21.h5", "old.tf2.21.h5.migration.json"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_breaks_off_leaves_nothing(old: Path, error: BaseException) -> None:
    def write(path: Path) -> None:
        path.write_bytes(old.read_bytes()[:1000])
        raise error

    migration, made = Migration(REQUEST), replace(planned(old), write=write)
    if isinstance(error, OSError):
        result = migration.run(made)
        assert result.outcome is Outcome.NOT_WRITTEN
        assert result.problem == f"{made.plan.target} cannot be written: No space left on device"
    else:
        with pytest.raises(KeyboardInterrupt):
            migration.run(made)
    assert names(old.parent) == ["old.h5"]


def test_an_older_output_stays_where_the_new_one_breaks_off(old: Path) -> None:
    target = old.with_name("old.tf2.21.h5")
    target.write_text("mine")

    def write(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    request = replace(REQUEST, overwrite=True)
    assert Migration(request).run(replace(planned(old), write=write)).outcome is Outcome.NOT_WRITTEN
    assert target.read_text() == "mine"


def changed_source(old: Path) -> None:
    K213.h5(old, convolution(K213, "SeparableConv2D", groups=1))


def changed_output(old: Path) -> None:
    old.with_name("old.tf2.21.h5").write_bytes(b"x")


def lost_record(old: Path) -> None:
    file_of(old.with_name("old.tf2.21.h5")).write_text("[]")


@pytest.mark.parametrize(
    ("change", "request_again", "is_done"),
    [
        (lambda _: None, REQUEST, True),
        (changed_source, REQUEST, False),
        (changed_output, REQUEST, False),
        (lost_record, REQUEST, False),
        (lambda _: None, replace(REQUEST, custom=frozenset({"Scale"})), True),
        (lambda _: None, replace(REQUEST, safe_mode=False), False),
        (lambda _: None, replace(REQUEST, runtime="tf2.20"), False),
        (lambda _: None, replace(REQUEST, format="keras"), False),
    ],
    ids=["nothing", "source", "output", "record", "more declared", "mode", "runtime", "format"],
)
def test_a_later_run_knows_what_is_done(
    old: Path, change: Callable[[Path], None], request_again: MigrationRequest, *, is_done: bool
) -> None:
    Migration(REQUEST, Verdict(Proof())).run(planned(old))
    change(old)
    found = done_before(old, OutputPlace.beside(old, "tf2.21"), request_again)
    assert found == (old.with_name("old.tf2.21.h5") if is_done else None)


def test_what_was_made_with_more_declared_is_not_done(old: Path) -> None:
    more = replace(REQUEST, custom=frozenset({"Scale"}))
    Migration(more, Verdict(Proof())).run(planned(old, more))
    assert done_before(old, OutputPlace.beside(old, "tf2.21"), REQUEST) is None
    assert done_before(old, OutputPlace.beside(old, "tf2.21"), more) is not None


def test_without_a_proof_it_is_not_done(old: Path) -> None:
    Migration(REQUEST).run(planned(old))
    assert done_before(old, OutputPlace.beside(old, "tf2.21"), REQUEST) is None


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 1}', '{"schema": 2, "source": {}, "written": {}, "asked": {}}'])
def test_a_file_of_somebody_else_is_no_record(tmp_path: Path, text: str) -> None:
    file_of(tmp_path / "a.h5").write_text(text)
    assert read_provenance(tmp_path / "a.h5") is None
