"""Live models saved for real: each format, what a save changes besides, what a format cannot hold."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import detect_format
from pytest_modelcompat.roundtrip.model import ModelUnderTest, as_model_under_test
from pytest_modelcompat.roundtrip.save import (
    FormatCannotHoldError,
    ModelChange,
    SaveFailedError,
    SaveHistory,
    is_graph,
    save,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("loader")


def dense(*, compiled: bool = True) -> ModelUnderTest:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    if compiled:
        model.compile(optimizer=keras.optimizers.SGD(0.5), loss=keras.losses.MeanSquaredError())
    return as_model_under_test(model)


def subclassed(*, raises: bool = False) -> ModelUnderTest:
    import keras

    class Ranker(keras.Model):  # type: ignore[misc]  # Keras comes without types
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def get_config(self) -> dict[str, Any]:
            if raises:
                raise RuntimeError("no config today")
            return {}

    model = Ranker()
    model(np.ones((1, 3), np.float32))
    return as_model_under_test(model)


def module() -> ModelUnderTest:
    import tensorflow as tf

    class Doubling(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])  # type: ignore[untyped-decorator]
        def double(self, x: Any) -> Any:
            return {"y": x * 2.0}

    return as_model_under_test(Doubling())


class TestFormats:
    @pytest.mark.parametrize(
        ("format_", "name", "recognised"),
        [
            ("h5", "model.h5", "h5"),
            ("keras", "model.keras", "keras"),
            ("saved_model", "model", "saved_model"),
            ("export", "model", "saved_model"),
        ],
    )
    def test_each_is_written(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], format_: str, name: str, recognised: str
    ) -> None:
        saved = save(dense(), format_, tmp_path)
        assert saved.artifact == tmp_path / name
        assert detect_format(saved.artifact) == recognised
        assert "Saved artifact" not in capfd.readouterr().out

    def test_a_module_with_its_signature(self, tmp_path: Path) -> None:
        import tensorflow as tf

        loaded = tf.saved_model.load(str(save(module(), "saved_model", tmp_path).artifact))
        assert loaded.signatures["serving_default"](x=tf.constant([3.0]))["y"].numpy().tolist() == [6.0]

    @pytest.mark.parametrize("format_", ["h5", "keras", "export"])
    def test_a_module_in_formats_of_keras_is_refused(self, tmp_path: Path, format_: str) -> None:
        with pytest.raises(FormatCannotHoldError, match=r"Doubling is a plain tf\.Module") as raised:
            save(module(), format_, tmp_path)
        assert raised.value.formats == ("saved_model",)
        assert list(tmp_path.iterdir()) == []

    def test_a_subclassed_model_as_h5_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FormatCannotHoldError, match="Ranker is a subclassed model") as raised:
            save(subclassed(), "h5", tmp_path)
        assert raised.value.formats == ("keras", "saved_model")
        assert list(tmp_path.iterdir()) == []

    def test_a_subclassed_model_as_keras_is_written(self, tmp_path: Path) -> None:
        assert detect_format(save(subclassed(), "keras", tmp_path).artifact) == "keras"

    def test_graphs(self) -> None:
        import keras

        class Own(keras.Sequential):  # type: ignore[misc]
            pass

        x = keras.Input((2,))
        assert is_graph(keras.Model(x, x * 2.0))
        assert is_graph(Own())
        assert not is_graph(subclassed().model)

    def test_a_save_that_raises_keeps_the_cause(self, tmp_path: Path) -> None:
        with pytest.raises(SaveFailedError, match=r'model\.save\("model\.keras"\)') as raised:
            save(subclassed(raises=True), "keras", tmp_path)
        assert isinstance(raised.value.__cause__, RuntimeError)
        assert str(raised.value.__cause__) == "no config today"


class TestGuard:
    def test_h5_loses_the_optimizer(self, tmp_path: Path) -> None:
        (change,) = save(dense(), "h5", tmp_path).changes
        assert (change.part, change.key, change.after) == ("compile config", "optimizer", None)
        assert str(change) == "compile config: optimizer was SGD, is gone"

    @pytest.mark.parametrize("format_", ["keras", "saved_model", "export"])
    def test_the_others_change_nothing(self, tmp_path: Path, format_: str) -> None:
        assert save(dense(), format_, tmp_path).changes == ()

    def test_an_uncompiled_model_has_nothing_to_lose(self, tmp_path: Path) -> None:
        assert save(dense(compiled=False), "h5", tmp_path).changes == ()

    def test_weights_that_a_save_moves_are_seen(self, tmp_path: Path) -> None:
        live = dense()
        save_own = live.model.save

        def save_and_move(path: str) -> None:
            save_own(path)
            live.model.layers[0].bias.assign([1.0])

        live.model.save = save_and_move
        (change,) = save(live, "keras", tmp_path).changes
        assert (change.part, change.key) == ("weights", live.model.layers[0].bias.path)

    def test_what_an_earlier_save_left_in_the_same_object(self, tmp_path: Path) -> None:
        live, noted = dense(), SaveHistory()
        assert noted.changes_in(live, "keras") == []
        (change,) = save(live, "h5", tmp_path).changes
        noted.add_changes(live, "h5", [change])
        assert noted.changes_in(live, "keras") == [("h5", change)]
        assert noted.changes_in(live, "saved_model") == [], "a SavedModel stores no compile config"
        assert noted.changes_in(dense(), "keras") == [], "another object"
        live.model.compile("adam", "mse")
        assert noted.changes_in(live, "keras") == [], "compiled again"

    def test_a_long_value_is_cut(self) -> None:
        assert str(ModelChange("config", "name", "x" * 99, 1)) == f"config: name was {'x' * 38} …, is 1"


class TestChatter:
    def test_the_legacy_warning_of_h5_does_not_reach_the_log(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        live = dense()
        with caplog.at_level(logging.WARNING):
            live.model.save(tmp_path / "own.h5")
            assert "HDF5 file" in caplog.text, "Keras says it where the user saves"
            caplog.clear()
            save(dense(), "h5", tmp_path)
            assert "HDF5 file" not in caplog.text
            dense().model.save(tmp_path / "own.h5")
        assert "HDF5 file" in caplog.text, "and says it again afterwards"

    def test_other_messages_reach_it(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        live = dense()
        save_own = live.model.save

        def save_and_say(path: str) -> None:
            logging.getLogger("absl").warning("disk nearly full")
            save_own(path)

        live.model.save = save_and_say
        save(live, "h5", tmp_path)
        assert "disk nearly full" in caplog.text

    def test_deprecations_as_errors_do_not_break_a_save(self, tmp_path: Path) -> None:
        """Keras 3 makes arrays for .h5 in a way that NumPy 2 calls deprecated."""
        live = dense()
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            saved = save(live, "h5", tmp_path)
        assert detect_format(saved.artifact) == "h5"
