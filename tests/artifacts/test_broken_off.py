"""An .h5 file that a save left when it broke off is called no model; one that is complete is, however it is linked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = '{"class_name": "Sequential", "config": {"name": "tower", "layers": []}}'
LAYERS = {"first": ["first/kernel:0", "first/bias:0"], "second": ["second/kernel:0"], "empty": []}


def written(path: Path, *, texts: Callable[[list[str]], Any] = list, root: str = "model_weights") -> Path:
    """A file as Keras writes it: lists of names, then the values."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = CONFIG
        group = file.create_group(root)
        group.attrs["layer_names"] = texts([*LAYERS])
        for name, weights in LAYERS.items():
            layer = group.create_group(name)
            layer.attrs["weight_names"] = texts(weights) if weights else []
            for weight in weights:
                layer.create_dataset(weight, data=[1.0, 2.0])
    return path


def as_bytes(names: list[str]) -> list[bytes]:
    return [name.encode() for name in names]


@pytest.mark.parametrize("texts", [list, as_bytes])
@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("second", "it names model_weights/second, and does not hold what it names"),
        ("first/first/bias:0", "it names model_weights/first/first/bias:0, and does not hold"),
        ("first/first", "it names model_weights/first/first/kernel:0 and 1 more, and does not hold"),
    ],
)
def test_says_what_is_named_and_missing(tmp_path: Path, texts: Any, gone: str, said: str) -> None:
    path = written(tmp_path / "model.h5", texts=texts)
    assert read_inventory(path).model_class == "Sequential"
    with h5py.File(path, "a") as file:
        del file[f"model_weights/{gone}"]
    with pytest.raises(BrokenArtifactError) as raised:
        read_inventory(path)
    assert said in str(raised.value)
    assert str(raised.value).endswith("save the model again")


def test_lists_in_several_attributes_are_one(tmp_path: Path) -> None:
    path = written(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        group = file["model_weights"]
        del group.attrs["layer_names"]
        group.attrs["layer_names0"], group.attrs["layer_names1"] = ["first"], ["second", "third"]
    with pytest.raises(BrokenArtifactError, match="names model_weights/third, and"):
        read_inventory(path)


def test_what_is_behind_a_link_is_there(tmp_path: Path) -> None:
    path = written(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        group = file["model_weights"]
        group.attrs["layer_names"] = ["first", "second", "soft", "hard", "empty"]
        group["soft"] = h5py.SoftLink("/model_weights/first")
        group["hard"] = group["first"]
    assert len(read_inventory(path).weights) == 3


def test_a_real_save_that_broke_off(tmp_path: Path) -> None:
    """Keras 2 refuses two weights of one name when it has written one of them."""
    tf_keras = pytest.importorskip("tf_keras")

    class Twins(tf_keras.layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, _: Any) -> None:
            self.one = self.add_weight(name="twin", shape=(2,))
            self.two = self.add_weight(name="twin", shape=(2,))

        def call(self, inputs: Any) -> Any:
            return inputs * self.one + self.two

    path = tmp_path / "model.h5"
    model = tf_keras.Sequential([tf_keras.Input((2,)), Twins(name="twins"), tf_keras.layers.Dense(1, name="last")])
    with pytest.raises(ValueError, match="name already exists"):
        model.save(path)
    with pytest.raises(BrokenArtifactError, match="it names model_weights/twins/twins/twin:0, and"):
        read_inventory(path)
