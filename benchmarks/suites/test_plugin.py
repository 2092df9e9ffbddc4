"""The suite as a user of the plugin writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from zoo import BUILDERS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.model_roundtrip
@pytest.mark.parametrize("build", BUILDERS)
def test_model(build: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
    return build()
