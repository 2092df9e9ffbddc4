"""What a process can resolve and rebuild; digests of weights; the state of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.loader import resolve, training_state, weights

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow

keras = tf.keras
Layer: Any = keras.layers.Layer


def use(name: str, role: str = "layer", module: str | None = None, registered: str | None = None) -> dict[str, Any]:
    return {"role": role, "name": name, "module": module, "registered_name": registered}


class Plain(Layer):  # type: ignore[misc]
    pass


class Needs(Layer):  # type: ignore[misc]
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units


class Says(Needs):
    def get_config(self) -> Any:
        return super().get_config()


class Closed(Layer):  # type: ignore[misc]
    def __init__(self, units: int = 1) -> None:
        super().__init__()
        self.units = units


class Rebuilds(Needs):
    @classmethod
    def from_config(cls, config: Any) -> Any:
        return cls(config.get("units", 1))


@pytest.mark.parametrize(
    ("wanted", "known"),
    [
        (use("Dense"), True),
        (use("Dense", module="keras.layers"), True),
        (use("Functional"), True),
        (use("Scale"), False),
        (use("Dense", module="shop.layers"), False),
        (use("Dense", module="keras.src.engine.gone"), False),
        (use("relu", "activation"), True),
        (use("rleu", "activation"), False),
        (use("GlorotUniform", "initializer"), True),
        (use("mse", "loss"), True),
        (use("accuracy", "metric"), True),
        (use("Adam", "optimizer"), True),
        (use("Custom>Adam", "optimizer"), True),
        (use("Custom>Mine", "optimizer"), False),
        (use("shop>Dense"), False),
    ],
)
def test_names(wanted: dict[str, Any], known: bool) -> None:
    assert (resolve.resolve_object(wanted, keras, {}) is not None) is known


def test_declared_objects_come_first() -> None:
    assert resolve.resolve_object(use("Dense"), keras, {"Dense": Plain}) is Plain
    assert resolve.resolve_object(use("X", registered="shop>X"), keras, {"shop>X": Plain}) is Plain


class TestWhateverLookingUpRaises:
    """A name that cannot be looked up is one that is not known: whether the file loads, only loading it tells."""

    def test_a_class_that_cannot_be_made_of_nothing(self) -> None:
        """Making it is how `optimizers.get` of Keras 2 answers: it raises a KeyError."""
        import tf_keras

        with pytest.raises(KeyError, match="inner_optimizer"):
            tf_keras.optimizers.get("LossScaleOptimizerV3")
        assert resolve.resolve_object(use("LossScaleOptimizerV3", "optimizer"), tf_keras, {}) is None

    def test_an_optimizer_that_only_mixed_precision_has(self) -> None:
        import tf_keras

        known = resolve.resolve_object(use("LossScaleOptimizer", "optimizer"), tf_keras, {})
        assert known is tf_keras.mixed_precision.LossScaleOptimizer

    @pytest.mark.parametrize("raised", ["raise RuntimeError('no licence')", "import sys; sys.exit(3)"])
    def test_a_module_that_does_not_survive_its_import(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: str
    ) -> None:
        import tf_keras

        (tmp_path / "shop_that_ends.py").write_text(raised, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        assert resolve.resolve_object(use("Scale", module="shop_that_ends"), tf_keras, {}) is None

    def test_a_module_that_makes_its_names_when_asked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import tf_keras

        text = "def __getattr__(name):\n    raise RuntimeError(name)\n"
        (tmp_path / "shop_that_is_lazy.py").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        assert resolve.resolve_object(use("Scale", module="shop_that_is_lazy"), tf_keras, {}) is None

    def test_a_class_that_hides_its_signature(self) -> None:
        class Meta(type(Layer)):  # type: ignore[misc]
            def __getattribute__(cls, name: str) -> Any:
                if name in ("__module__", "__init__"):
                    raise RuntimeError(name)
                return super().__getattribute__(name)

        hidden = Meta("Hidden", (), {})
        assert resolve.rebuild_problem(hidden, ["name"]) is None


def test_ops_are_looked_up_in_the_registry() -> None:
    assert resolve.unknown_ops(["MatMul", "Nothing", "DisableCopyOnRead", "_Arg"]) == ["Nothing"]


@pytest.mark.parametrize(
    ("cls", "config", "problem"),
    [
        (Plain, ["name"], None),
        (Needs, ["name", "units"], None),
        (Needs, ["name"], ("units", "missing", False)),
        (Says, ["name"], ("units", "missing", True)),
        (Closed, ["units", "name"], ("name", "unexpected", False)),
        (Rebuilds, [], None),
        (keras.layers.Dense, [], None),
    ],
)
def test_rebuilding(cls: Any, config: list[str], problem: Any) -> None:
    found = resolve.rebuild_problem(cls, config)
    assert (found and (found["argument"], found["problem"], found["has_get_config"])) == problem


def test_digests_tell_values_apart_and_keep_names_apart() -> None:
    one, other = tf.Variable([1.0, 2.0], name="w"), tf.Variable([1.0, 2.5], name="w")
    first, second = weights.of_variables([one, other])
    assert (first["path"], second["path"]) == ("w", "w#2")
    assert first["sha256"] != second["sha256"]
    assert weights.digest(tf.Variable([1.0, 2.0]), "v")["sha256"] == first["sha256"]
    assert first["dtype"] == "float32"
    assert weights.digest(tf.Variable(["a"]), "v")["dtype"] == "string"


def test_random_state_is_no_weight() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    assert len(weights.of_variables(model.variables)) == 2


def test_training_state_follows_the_optimizer() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert training_state.state(model) is None
    model.compile(keras.optimizers.Adam(0.01), keras.losses.MeanSquaredError())
    before = training_state.state(model)
    assert before is not None
    assert before["optimizer"] == "Adam"
    assert before == training_state.state(model)
    model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    after = training_state.state(model)
    assert after is not None
    assert after["variables"] != before["variables"]
    assert after["config"] == before["config"]
