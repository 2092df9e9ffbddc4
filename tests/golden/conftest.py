"""What these tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.golden.store import GoldenStore
from tests.golden.goldens import NAME, a_golden, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> GoldenStore:
    return GoldenStore(tmp_path / "golden")


@pytest.fixture
def folder(store: GoldenStore) -> Path:
    write(store, NAME, a_golden())
    return store.folder(NAME)
