"""A case: the seeds that make it the same every time, what a test returns, what another process can import."""

from __future__ import annotations

import random
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.roundtrip.case import split_returned
from pytest_modelcompat.roundtrip.declarations import NotImportableError, collect_declarations, import_paths
from pytest_modelcompat.roundtrip.seed import seed_everything
from pytest_modelcompat.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scale:
    class Inner:
        pass


def soft(x: Any) -> Any:
    return x


@pytest.fixture
def float16_policy(loader: Any) -> Iterator[str]:
    import keras

    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    yield "mixed_float16"
    keras.mixed_precision.set_dtype_policy(before)


def build(seed: int) -> Any:
    import keras

    seed_everything(seed)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])


def kernel(model: Any) -> list[Any]:
    values: list[Any] = np.asarray(model.layers[0].kernel).tolist()
    return values


@pytest.mark.usefixtures("loader")
class TestSeeding:
    def test_the_same_seed_gives_the_same_weights_and_names(self) -> None:
        first, second, other = build(7), build(7), build(8)
        assert kernel(first) == kernel(second) != kernel(other)
        names = [layer.name for layer in first.layers]
        assert names == [layer.name for layer in second.layers] == ["dense", "dropout"]
        assert first.name == second.name == "sequential"

    def test_the_same_seed_draws_the_same_numbers_everywhere(self) -> None:
        import keras
        import tensorflow as tf

        def draw() -> tuple[Any, ...]:
            seed_everything(3)
            return (
                random.random(),  # noqa: S311 - the global generator is what is seeded
                np.random.rand(),  # noqa: NPY002 - likewise
                float(tf.random.uniform(())),
                float(keras.random.uniform(())),
            )

        assert draw() == draw()

    def test_training_mode_starts_again_too(self) -> None:
        ones = np.ones((4, 3), np.float32)
        first, second = (np.asarray(build(7)(ones, training=True)).tolist() for _ in range(2))
        assert first == second

    def test_the_users_dtype_policy_survives(self, float16_policy: str) -> None:
        import keras

        seed_everything(0)
        assert keras.mixed_precision.dtype_policy().name == float16_policy
        assert build(0).layers[0].compute_dtype == "float16"


@pytest.mark.parametrize(
    ("returned", "split"),
    [
        ("model", ("model", None)),
        (("model", [1]), ("model", [1])),
        (("model", None), ("model", None)),
        (None, (None, None)),
        (("model",), (("model",), None)),
        (("model", 1, 2), (("model", 1, 2), None)),
        (["model", 1], (["model", 1], None)),
    ],
)
def test_split_returned(returned: Any, split: Any) -> None:
    assert split_returned(returned) == split


class TestDeclared:
    def test_classes_functions_and_nested_ones_by_import_path(self) -> None:
        settings = Settings(custom_objects={"A": Scale, "b": soft, "C": Scale.Inner}, imports=("json",))
        given = collect_declarations(settings)
        assert given.custom_objects == {
            "A": (__name__, "Scale"),
            "b": (__name__, "soft"),
            "C": (__name__, "Scale.Inner"),
        }
        assert given.imports == ("json",)
        assert given.files[__name__] == __file__
        assert given.files["json"] == sys.modules["json"].__file__

    def test_written_as_module_and_class(self) -> None:
        settings = Settings(custom_objects={"Scale": "shop.layers:Scale", "Inner": "shop:Outer.Inner"})
        given = collect_declarations(settings)
        assert given.custom_objects == {"Scale": ("shop.layers", "Scale"), "Inner": ("shop", "Outer.Inner")}
        assert given.files == {}

    def test_badly_written(self) -> None:
        with pytest.raises(NotImportableError, match=r"'shop\.layers\.Scale' is not written as module:Class") as raised:
            collect_declarations(Settings(custom_objects={"Scale": "shop.layers.Scale"}))
        assert raised.value.name == "Scale"

    def test_made_inside_a_function(self) -> None:
        class Local:
            pass

        with pytest.raises(NotImportableError, match=r"<locals>\.Local is made inside a function") as raised:
            collect_declarations(Settings(custom_objects={"Scale": Local}))
        assert raised.value.name == "Scale"
        assert raised.value.fix == (
            'move it to the top level of a module, and declare it from there: custom_objects={"Scale": ...}'
        )

    @pytest.mark.parametrize("where", ["module", "function"])
    def test_a_lambda(self, where: str) -> None:
        target = MODULE_LAMBDA if where == "module" else lambda x: x
        with pytest.raises(NotImportableError, match="it is a lambda") as raised:
            collect_declarations(Settings(custom_objects={"double": target}))
        assert (raised.value.name, raised.value.fix.split(",")[0]) == (
            "double",
            "write it with def at the top level of a module",
        )

    def test_of_main(self, monkeypatch: pytest.MonkeyPatch) -> None:
        main = type("Typed", (), {"__module__": "__main__"})
        monkeypatch.setattr(sys.modules["__main__"], "Typed", main, raising=False)
        with pytest.raises(NotImportableError, match="Typed lives in __main__") as raised:
            collect_declarations(Settings(custom_objects={"Typed": main}))
        assert "move it to the top level of a module" in raised.value.fix

    def test_a_name_bound_to_something_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = ModuleType("rebound_module")
        old, new = (type("Scale", (), {"__module__": module.__name__}) for _ in range(2))
        module.Scale = new  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        assert collect_declarations(Settings(custom_objects={"Scale": new})).custom_objects == {
            "Scale": (module.__name__, "Scale")
        }
        with pytest.raises(NotImportableError, match=r"not what a fresh process finds .* rebound_module\.Scale"):
            collect_declarations(Settings(custom_objects={"Scale": old}))

    def test_a_module_that_is_not_there_any_more(self) -> None:
        lost = type("Lost", (), {"__module__": "a_module_nobody_has"})
        with pytest.raises(NotImportableError, match=r"imports a_module_nobody_has\.Lost"):
            collect_declarations(Settings(custom_objects={"Lost": lost}))


MODULE_LAMBDA = lambda x: x  # noqa: E731 - the very thing that is refused


def test_object_places() -> None:
    settings = Settings(custom_objects={"A": Scale, "B": "shop.layers:Scale"})
    assert import_paths(settings) == {"A": f"{__name__}.Scale", "B": "shop.layers.Scale"}
