"""Provenance: the `NAME.migration.json` beside what was written, by which a later run knows that it is done."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.versions import own_version
from pytest_modelcompat.golden.golden import GoldenBrokenError
from pytest_modelcompat.golden.migrated_copies import SCHEMA, file_of, is_unchanged, read_provenance
from pytest_modelcompat.golden.release_serialization import digest_of
from pytest_modelcompat.results.migration import Outcome, Proof
from pytest_modelcompat.results.migration_data import edit_data, proof_data

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.migration.output.place import OutputPlace
    from pytest_modelcompat.migration.request import MigrationRequest
    from pytest_modelcompat.results.migration import Plan


def provenance_data(
    plan: Plan, request: MigrationRequest, outcome: Outcome, proof: Proof | None, written: Path
) -> dict[str, Any]:
    """What is recorded; the same for the same files, wherever and whenever they are written.

    Args:
        plan: what was done.
        request: what was asked for.
        outcome: what became of it.
        proof: None where none was asked for.
        written: the file or folder, perhaps under another name than its own still.

    Raises:
        OSError: one of both cannot be read.
    """
    return {
        "schema": SCHEMA,
        "made_by": f"pytest-modelcompat {own_version()}",
        "outcome": outcome.value,
        "runtime": request.runtime_label,
        "source": {"name": plan.path.name, "sha256": digest_of(plan.path)[0], "saved_by": dict(plan.saved_by)},
        "written": {"name": plan.target.name, "format": plan.format, "sha256": digest_of(written)[0]},
        "asked": _asked(request),
        "way": plan.way.value,
        "through": plan.through,
        "edits": [edit_data(each) for each in plan.edits],
        "proof": proof_data(proof),
    }


def _asked(request: MigrationRequest) -> dict[str, Any]:
    return {
        "custom": sorted(request.custom),
        "imports": list(request.declared.imports),
        "safe_mode": request.safe_mode,
        "compile": request.compile_model,
        "vocabulary": {name: digest_of(file)[0] for name, file in sorted(request.vocabulary.items())},
    }


def _is_covered(earlier: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether an artifact that an earlier request made is what another one asks for.

    What is proven with less declared holds with more: a second run declares what the rest of a folder needs.
    """
    more = all(set(earlier.get(key, ())) <= set(asked[key]) for key in ("custom", "imports"))
    vocabulary = earlier.get("vocabulary", {})
    same = all(asked["vocabulary"].get(name) == digest for name, digest in vocabulary.items())
    return more and same and all(earlier.get(key) == asked[key] for key in ("safe_mode", "compile"))


def write_provenance(data: Mapping[str, Any], output: Path, draft: Path) -> None:
    """Write the file, in one step.

    Args:
        data: what is recorded.
        output: what was written, by its name.
        draft: a folder on the same disk, in which it is written first.

    Raises:
        OSError: it cannot be written.
    """
    file = file_of(output)
    part = draft / file.name
    part.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, file)  # noqa: PTH105 - in place of an older one, on every system


def done_before(artifact: Path, place: OutputPlace, request: MigrationRequest) -> Path | None:
    """The output that an earlier run has proven, of the same bytes, for the same request; None without one.

    Args:
        artifact: what is to be migrated.
        place: where its output goes.
        request: what is asked for.
    """
    for output in place.candidates():
        data = read_provenance(output)
        if data is None or data.get("outcome") != Outcome.PROVEN.value or data["source"].get("name") != artifact.name:
            continue
        if data.get("runtime") != request.runtime_label or request.format not in ("", data["written"].get("format")):
            continue
        try:
            is_covered = _is_covered(data["asked"], _asked(request))
            is_same = is_covered and data["source"].get("sha256") == digest_of(artifact)[0]
        except (OSError, GoldenBrokenError):
            continue
        if is_same and is_unchanged(output, data):
            return output
    return None
