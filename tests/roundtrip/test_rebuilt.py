"""A model made again here: what is looked at is left as it was, and what is not alike is no crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.roundtrip.model import as_model_under_test
from pytest_modelcompat.roundtrip.rebuilt import findings
from pytest_modelcompat.roundtrip.rebuilt.difference import LayerDifference, first_difference
from pytest_modelcompat.roundtrip.rebuilt.state import lost_attributes

pytestmark = pytest.mark.needs_tensorflow

INPUTS = np.ones((2, 3), np.float32)


def dense() -> Any:
    import keras

    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="score")])


@pytest.mark.usefixtures("tensorflow")
def test_a_layer_keeps_the_call_that_somebody_gave_it() -> None:
    live, again = dense(), dense()
    again.set_weights(live.get_weights())
    layer = live.layers[-1]

    def doubled(x: Any, training: Any = None) -> Any:
        return 2 * type(layer).call(layer, x, training)

    layer.call = doubled
    found = first_difference(as_model_under_test(live), again, INPUTS)
    assert found is not None
    assert found.layer is layer
    assert layer.call is doubled
    assert all("call" not in vars(each) for each in (live, again, *again.layers))


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize(
    ("was", "now"), [([1, 2], np.array([1, 3])), (np.array([1]), [1, 2]), (3, None), ("a", np.array(["a", "b"]))]
)
def test_values_of_two_kinds_are_different(was: Any, now: Any) -> None:
    live, again = dense().layers[-1], dense().layers[-1]
    object.__setattr__(live, "held", was)
    object.__setattr__(again, "held", now)
    assert [each.name for each in lost_attributes(LayerDifference(live, again), "keras") if each.name == "held"]


@pytest.mark.usefixtures("tensorflow")
def test_what_raises_on_the_way_only_explains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object) -> None:
        raise RuntimeError("of the user's own")

    monkeypatch.setattr(findings, "first_difference", raising)
    assert findings.made_again(as_model_under_test(dense()), INPUTS) is None
