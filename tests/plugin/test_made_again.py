"""A model that loads and predicts something else: the layer is named whose configuration is not all that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.class_project import ClassCase, findings_of, findings_with_what_is_printed, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Project

WITH = "keras.Sequential([keras.Input((3,)), L.Dense(4), {}, L.Dense(2)])"
# name -> (module, what the test returns, the class that is named, what of it is another)
CLASSES: dict[str, tuple[str, str, str, str]] = {
    "saves another value": (
        """
        class Scale(L.Layer):
            def __init__(self, factor=1.0, **kwargs):
                super().__init__(**kwargs)
                self.factor = factor

            def call(self, x):
                return x * self.factor

            def get_config(self):
                return {**super().get_config(), "factor": 1.0}
        """,
        "Scale(3.0)",
        "Scale",
        "factor was 3.0 and is 1.0",
    ),
    "is changed after it is made": (
        """
        class Tempered(keras.Model):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.dense = L.Dense(2)
                self.temperature = 1.0

            def call(self, x):
                return self.dense(x) / self.temperature

        def tempered():
            model = Tempered()
            model.temperature = 4.0
            return model
        """,
        "own.tempered(), np.ones((2, 3))",
        "Tempered",
        "temperature was 4.0 and is 1.0",
    ),
    "draws a constant": (
        """
        class Features(L.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.directions = ops.convert_to_tensor(np.random.normal(size=(4, 4)).astype("float32"))

            def call(self, x):
                return ops.cos(ops.matmul(x, self.directions))
        """,
        "Features()",
        "Features",
        "directions holds other numbers",
    ),
    "keeps a variable that Keras does not know": (
        """
        import tensorflow as tf

        class Biased(L.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.bias = tf.Variable(np.random.normal(size=4).astype("float32"))

            def call(self, x):
                return x + self.bias
        """,
        "Biased()",
        "Biased",
        "bias holds other numbers",
    ),
    "is inside another": (
        """
        class Shift(L.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.by = 0

            def call(self, x):
                return x + self.by

        @keras.saving.register_keras_serializable("own")
        class Block(L.Layer):
            def __init__(self, inner, **kwargs):
                super().__init__(**kwargs)
                self.inner = inner

            def call(self, x):
                return ops.tanh(self.inner(x))

            def get_config(self):
                return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner)}

            @classmethod
            def from_config(cls, config):
                config["inner"] = keras.saving.deserialize_keras_object(config["inner"])
                return cls(**config)

        def block():
            shift = Shift()
            shift.by = 2
            return Block(shift)
        """,
        "block()",
        "Shift",
        "by was 2 and is 0",
    ),
}


# An argument that no configuration holds, which is a finding of its own.
LEAVES_OUT = {
    "leaves an argument out": (
        """
        class Project(L.Layer):
            def __init__(self, units, activation=None, **kwargs):
                super().__init__(**kwargs)
                self.units = units
                self.activation = keras.activations.get(activation)

            def build(self, shape):
                self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

            def call(self, x):
                return self.activation(ops.matmul(x, self.kernel))

            def get_config(self):
                return {**super().get_config(), "units": self.units}
        """,
        "Project(4, 'relu')",
        "Project",
        "activation was relu and is linear",
    ),
}


def case_of(name: str, among: Mapping[str, tuple[str, str, str, str]]) -> ClassCase:
    code, made, _, _ = among[name]
    model = made if made.startswith("own.") else WITH.format(f"own.{made}").replace("L.", "own.L.")
    names = [line.split("class ")[1].split("(")[0] for line in code.split("\n") if "class " in line]
    objects = ", ".join(f"'{each}': own.{each}" for each in names)
    return ClassCase(f"{name} again", code, model, f"custom_objects={{{objects}}}")


H5 = ("saves another value", "is inside another")


@pytest.mark.parametrize(("name", "saved_as"), [*((name, "keras") for name in CLASSES), *((name, "h5") for name in H5)])
def test_the_layer_is_named_with_what_it_loses_and_works_as_printed(project: Project, name: str, saved_as: str) -> None:
    case = case_of(name, CLASSES)
    file = written(project, case)
    (finding,) = findings_of(project, case, saved_as)
    _, _, cls, lost = CLASSES[name]
    assert finding["kind"] == "PREDICTIONS DRIFTED"
    assert finding["cause"].startswith(f"{cls} computes something else once it is made again from its configuration")
    assert finding["cause"].endswith(f"its attribute {lost}")
    assert finding["blame"] == "model code"
    assert "the writer or the loader" not in str(finding["details"])
    assert f"({cls}, of {case.module})" in finding["where"][0] or finding["where"] == [
        f"the model itself ({cls}, of {case.module})"
    ]
    if finding["fix"][-1].strip().startswith("self."):
        source = file.read_text(encoding="utf-8")
        line = f"        {finding['fix'][-1].strip()}"
        file.write_text(source.replace("\n\n    def call", f"\n{line}\n\n    def call"), encoding="utf-8")
        assert findings_of(project, case, saved_as) == []
    else:
        assert findings_with_what_is_printed(project, case, saved_as, [finding]) == []


@pytest.mark.parametrize("saved_as", ["keras", "h5"])
def test_an_argument_that_is_left_out_has_one_fix_and_works_as_printed(project: Project, saved_as: str) -> None:
    case = case_of("leaves an argument out", LEAVES_OUT)
    written(project, case)
    lost, drifted = found = findings_of(project, case, saved_as)
    assert [each["kind"] for each in found] == ["ARGUMENT NOT SAVED", "PREDICTIONS DRIFTED"]
    assert lost["fix"][0] == f"in class Project of {case.module}:"
    assert (drifted["fix"], drifted["blame"]) == (["as above"], "model code")
    assert drifted["cause"].startswith("Project(activation='relu') is not saved, see above: made again with it, ")
    assert drifted["details"]["moved"].endswith("its activation was 'relu' and is 'linear'")
    assert "the writer or the loader" not in str(drifted["details"])
    assert findings_with_what_is_printed(project, case, saved_as, found) == []


MISFITS: dict[str, tuple[str, str, str, str]] = {
    "is a model with an argument that has a default": (
        """
        class Ranker(keras.Model):
            def __init__(self, units=3, **kwargs):
                super().__init__(**kwargs)
                self.dense = L.Dense(units)

            def call(self, x):
                return self.dense(x)
        """,
        "own.Ranker(2), np.ones((2, 3))",
        "Ranker",
        "its configuration says units=3, whatever it was given",
    ),
    "leaves the argument out that gives the size": (
        """
        class Tower(L.Layer):
            def __init__(self, units=3, depth=2, **kwargs):
                super().__init__(**kwargs)
                self.stack = [L.Dense(units) for _ in range(depth)]

            def build(self, shape):
                for dense in self.stack:
                    dense.build(shape)
                    shape = dense.compute_output_shape(shape)

            def call(self, x):
                for dense in self.stack:
                    x = dense(x)
                return x

            def get_config(self):
                return super().get_config()
        """,
        "Tower(5, 3)",
        "Tower",
        "its configuration does not hold 'units' and 'depth'",
    ),
    "keeps the size under another value": (
        """
        class Halved(L.Layer):
            def __init__(self, units=8, **kwargs):
                super().__init__(**kwargs)
                self.units = units // 2

            def build(self, shape):
                self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

            def call(self, x):
                return ops.matmul(x, self.kernel)

            def get_config(self):
                return {**super().get_config(), "units": self.units}
        """,
        "Halved(16)",
        "Halved",
        "its attribute units was 8 and is 4",
    ),
}
MISFITS_IN_H5 = ("leaves the argument out that gives the size", "keeps the size under another value")
MISFIT_CELLS = [*((name, "keras") for name in MISFITS), *((name, "h5") for name in MISFITS_IN_H5)]


@pytest.mark.parametrize(("name", "saved_as"), MISFIT_CELLS)
def test_the_class_is_named_whose_weights_do_not_fit_any_more(project: Project, name: str, saved_as: str) -> None:
    case = case_of(name, MISFITS)
    written(project, case)
    (finding,) = findings_of(project, case, saved_as)
    _, _, cls, why = MISFITS[name]
    assert finding["kind"] == "LOAD FAILED"
    assert finding["cause"].startswith(f"{cls} has weights of other shapes once it is made again")
    assert finding["cause"].endswith(why)
    assert findings_with_what_is_printed(project, case, saved_as, [finding]) == []


GLOBAL = """
SIZE = 1

class Sized(L.Layer):
    def call(self, x):
        return x * SIZE

def resized(size):
    global SIZE
    SIZE = size
    return Sized()
"""


def test_what_a_fresh_process_does_not_have_is_looked_for_in_own_classes(project: Project) -> None:
    model = WITH.format("own.resized(5)").replace("L.", "own.L.")
    case = ClassCase("reads a global", GLOBAL, model, "custom_objects={'Sized': own.Sized}")
    written(project, case)
    (finding,) = findings_of(project, case, "keras")
    assert finding["fix"][0].startswith("look at what Sized reads that a fresh process does not have")
    assert findings_with_what_is_printed(project, case, "keras", [finding]) == []


CLOSED = """
class Masked(L.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        mask = np.random.normal(size=4).astype("float32")
        self.masked = lambda x: x * mask

    def call(self, x):
        return self.masked(x)
"""


def test_of_a_class_that_hides_what_it_loses_only_the_place_is_known(project: Project) -> None:
    model = WITH.format("own.Masked()").replace("L.", "own.L.")
    case = ClassCase("hides an array", CLOSED, model, "custom_objects={'Masked': own.Masked}")
    written(project, case)
    (finding,) = findings_of(project, case, "keras")
    assert finding["where"] == [f'"masked" (Masked, of {case.module})']
    assert finding["cause"].endswith("once it is made again from its configuration, as a load makes it")
    assert finding["fix"][0] == "let Masked hold in get_config() or in weights what it computes with,"
    assert findings_with_what_is_printed(project, case, "keras", [finding]) == []


POOLED = """
def averaged():
    pool = L.MaxPooling1D(2)
    pool.pool_mode = "average"
    return keras.Sequential([keras.Input((4, 3)), pool])
"""


def test_a_layer_of_keras_that_is_changed_after_it_is_made_is_named(project: Project) -> None:
    case = ClassCase("changes pooling", POOLED, "own.averaged()")
    written(project, case)
    (finding,) = findings_of(project, case, "keras")
    assert finding["where"] == ['"max_pooling1d" (MaxPooling1D, of Keras itself)']
    assert finding["cause"].endswith("its attribute pool_mode was 'average' and is 'max'")
    assert findings_with_what_is_printed(project, case, "keras", [finding]) == []
