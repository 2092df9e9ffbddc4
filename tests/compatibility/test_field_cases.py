"""Public reports that were made again: the verdict on each file is what a load of it came to."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.store import load_profile

CASES = Path(__file__).resolve().parents[3] / "shared" / "field-cases"
KERAS_2 = "tf2.8 tf2.13 tf2.15 tf2.21+tf_keras"
# File -> verdict -> the runtimes in which it was loaded with that result.
RESULTS = {
    "01-activation-leaky-relu/leaky_relu.h5": {"fails": "tf2.4", "loads": KERAS_2},
    "01-activation-leaky-relu/log_softmax.h5": {"fails": "tf2.4", "loads": KERAS_2},
    "01-activation-leaky-relu/relu6.h5": {"fails": "tf2.4", "loads": KERAS_2},
    "03-loss-scale-optimizer-h5/mixed.h5": {"loads": "tf2.13 tf2.15 tf2.21+tf_keras"},
    "05-tf-nn-silu-keras3/silu.h5": {"fails": "tf2.16 tf2.21"},
    "05-tf-nn-silu-keras3/silu.keras": {"fails": "tf2.16 tf2.21"},
    "08-tf-idf-keras/m.keras": {"fails": "tf2.16 tf2.18", "loads": "tf2.21"},
    "11-bidirectional-custom-cell-h5/m.h5": {"loads": "tf2.16 tf2.18", "fails": "tf2.21"},
    "11-bidirectional-custom-cell-h5/m.keras": {"loads": "tf2.18 tf2.21"},
    "13-legacy-optimizer-keras-zip-213/m.keras": {"fails": "tf2.13"},
    "14-unbuilt-sequential/m.h5": {"changed": "tf2.21"},
    "14-unbuilt-sequential/m.keras": {"changed": "tf2.21"},
}
ROWS = [
    pytest.param(file, runtime, verdict, id=f"{file}-{runtime}")
    for file, verdicts in RESULTS.items()
    for verdict, runtimes in verdicts.items()
    for runtime in runtimes.split()
]


@pytest.mark.skipif(not CASES.exists(), reason="the cases are kept beside the project, and are not there")
@pytest.mark.parametrize(("file", "runtime", "verdict"), ROWS)
def test_the_verdict_is_what_a_load_came_to(file: str, runtime: str, verdict: str) -> None:
    result = check_compatibility(read_inventory(CASES / file), load_profile(runtime), custom=("Cell",))
    assert result.compatibility.value == verdict
