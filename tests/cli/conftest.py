"""What the tests of the command share: models made by hand, and running it in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.cli import main
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What one run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> list[Any]:
        """The objects of `--json`, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def modelcompat(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command in this process."""

    def run(*arguments: object) -> Run:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Run(code, captured.out, captured.err)

    return run


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and the current one, with three models: one of Keras 3, one with a custom layer, one graph."""
    monkeypatch.chdir(tmp_path)
    functional = handmade.functional(
        (handmade.layer("InputLayer", "x", batch_shape=[None, 4]), []), (handmade.dense(), ["x"])
    )
    weights = {"layers/dense/vars/0": np.zeros((4, 2), np.float32), "layers/dense/vars/1": np.zeros(2, np.float32)}
    handmade.write_keras(tmp_path / "plain.keras", functional, weights)
    scale = handmade.layer("Scale", "scale", module="shop.layers") | {"registered_name": "shop>Scale"}
    custom = handmade.functional((handmade.layer("InputLayer", "x", batch_shape=[None, 4]), []), (scale, ["x"]))
    handmade.write_keras(tmp_path / "custom.keras", custom)
    handmade.write_saved_model(tmp_path / "graph", {"NoOp": 1, "ReadFile": 2})
    return tmp_path
