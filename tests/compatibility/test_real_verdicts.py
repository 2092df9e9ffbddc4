"""Files that others saved: the verdict for this environment's TensorFlow agrees with what really becomes of them."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Kind, Stage
from pytest_modelcompat.roundtrip.inputs import derivation, values
from pytest_modelcompat.runtimes.protocol import Declarations, Job
from tests.conftest import ARTIFACTS

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.runtimes.process import LoaderProcess
    from pytest_modelcompat.runtimes.protocol import LoadResult

INDEX: list[dict[str, Any]] = (
    json.loads((ARTIFACTS / "index.json").read_text()) if (ARTIFACTS / "index.json").is_file() else []
)
READABLE = [entry for entry in INDEX if "corrupt" not in entry["name"]]
# What each is known to fail of, and where; all others load.
EXPECTED = {
    "h5_conv1d_keras2.3": (Kind.CONFIG_CHANGED, Stage.BUILD),
    "h5_conv_batchnorm_keras2.1": (Kind.CONFIG_CHANGED, Stage.CONFIG),
    "h5_simple_rnn_keras2.1": (Kind.CONFIG_CHANGED, Stage.CONFIG),
    "h5_depthwise_conv_keras2.14": (Kind.UNKNOWN_ARGUMENT, Stage.CONFIG),
    "h5_addons_layer_keras2.2": (Kind.UNKNOWN_LAYER, Stage.CONFIG),
    "h5_tensorflow_op_layer_keras2.2": (Kind.UNKNOWN_LAYER, Stage.CONFIG),
    "keras_mlp_keras2.15": (Kind.UNKNOWN_ARGUMENT, Stage.CONFIG),
}


def path_of(entry: dict[str, Any]) -> Path:
    path: Path = ARTIFACTS / entry["file"]
    return path.parent if path.name == "saved_model.pb" else path


@pytest.mark.skipif(not INDEX, reason="the real artifacts are not at hand")
@pytest.mark.parametrize("entry", READABLE, ids=lambda entry: entry["name"])
def test_the_verdict_is_what_happens(entry: dict[str, Any], loader: LoaderProcess) -> None:
    inventory = read_inventory(path_of(entry))
    loaded = loader.run(
        Job(
            artifact=path_of(entry),
            format=inventory.format,
            keras="keras",
            declared=Declarations(),
            inputs=inputs_of(inventory),
            per_signature=inventory.format == "saved_model",
        )
    )
    name = f"tf{'.'.join(loaded.versions['tensorflow'].split('.')[:2])}"
    if inventory.format == "saved_model" and importlib.util.find_spec("tf_keras"):
        # Where it is installed, TensorFlow finds the optimizer classes of Keras 2.
        name += "+tf_keras"
    result = check_compatibility(inventory, load_profile(name))
    assert (result.compatibility is not Compatibility.FAILS) == loaded.succeeded, _told(loaded)
    kind, stage = EXPECTED.get(entry["name"], (None, None))
    assert result.stage is stage
    assert kind is None or kind in {finding.kind for finding in result.findings}


def inputs_of(inventory: Inventory) -> Any:
    """Inputs for what tells their shape; one example each for the signatures and layers that do not."""
    try:
        return derivation.inputs_for_artifact(inventory, 0).values
    except values.InputsNeededError:
        if inventory.format != "saved_model":
            return np.ones((1, 8, 8, 1), np.float32)
        numeric = (each for each in inventory.signatures if all(put.dtype == "float32" for put in each.inputs))
        return {each.name: {put.name: np.ones((1, 1), np.float32) for put in each.inputs} for each in numeric}


def _told(loaded: LoadResult) -> str:
    return f"{loaded.stage}: {(loaded.error or {}).get('message', '')[-600:]}"
