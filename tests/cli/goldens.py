"""Goldens that the tests of the command write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.golden.release_store import ReleaseStore
from pytest_modelcompat.golden.store import GoldenStore
from tests.golden.goldens import a_golden

if TYPE_CHECKING:
    from pytest_modelcompat.golden.golden import GoldenName

SAVED_BY = {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}


def freeze(name: GoldenName, label: str, *formats: str) -> None:
    """Freeze in the current folder's goldens."""
    artifact = Path("artifact")
    artifact.write_bytes(b"a model")
    for format_ in formats or ("h5",):
        ReleaseStore(Path("golden")).freeze(name, label, format_, artifact, a_golden(), SAVED_BY)


def names() -> list[str]:
    return [str(name) for name in GoldenStore(Path("golden")).names()]
