"""Classes that Keras cannot make again: one text names all that they lack, and its code works as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.class_project import ClassCase, findings_of, findings_with_what_is_printed, written

if TYPE_CHECKING:
    from tests.conftest import Project

# name -> (module, what the test returns, the class that is named)
CLASSES: dict[str, tuple[str, str, str]] = {
    "stores neither argument": (
        """
        class PatchEncoder(L.Layer):
            def __init__(self, num_patches, projection_dim):
                super().__init__()
                self.num_patches = num_patches
                self.projection = L.Dense(projection_dim)
                self.position = L.Embedding(num_patches, projection_dim)

            def call(self, patches):
                return self.projection(patches) + self.position(ops.arange(self.num_patches))

            def get_config(self):
                return {**super().get_config(), "num_patches": self.num_patches}
        """,
        "keras.Sequential([keras.Input((4, 3)), own.PatchEncoder(4, 2)])",
        "PatchEncoder",
    ),
    "keeps models": (
        """
        class Autoencoder(keras.Model):
            def __init__(self, encoder, decoder, **kwargs):
                super().__init__(**kwargs)
                self.encoder = encoder
                self.decoder = decoder

            def call(self, x):
                return self.decoder(self.encoder(x))

        def part(size, units):
            return keras.Sequential([keras.Input((size,)), L.Dense(units)])
        """,
        "own.Autoencoder(own.part(4, 2), own.part(2, 4)), [[1.0, 2.0, 3.0, 4.0]]",
        "Autoencoder",
    ),
    "keeps an array": (
        """
        class Whiten(L.Layer):
            def __init__(self, mean, *, scale=1.0):
                super().__init__()
                self.mean, self.scale = mean, scale

            def call(self, x):
                return (x - self.mean) * self.scale
        """,
        "keras.Sequential([keras.Input((2,)), own.Whiten(np.array([1.0, 2.0], 'float32'), scale=2.0)])",
        "Whiten",
    ),
    "takes its argument apart": (
        """
        EDGES, WEIGHTS = np.array([0, 2]), np.array([1.0, 3.0], "float32")

        class GraphConvolution(L.Layer):
            def __init__(self, graph, units=2):
                super(GraphConvolution, self).__init__()
                edges, weights = graph
                self.edges = edges
                self.edge_weights = weights
                self.dense = L.Dense(units)

            def call(self, x):
                return self.dense(ops.take(x, self.edges, axis=1)) * self.edge_weights[:, None]
        """,
        "keras.Sequential([keras.Input((3, 2)), own.GraphConvolution((own.EDGES, own.WEIGHTS))])",
        "GraphConvolution",
    ),
    "names itself": (
        """
        class Head(L.Layer):
            def __init__(self, units, dropout=0.1):
                super().__init__(name="head", dtype="float32")
                self.dense = L.Dense(units)
                self.dropout = L.Dropout(dropout)

            def call(self, x):
                return self.dropout(self.dense(x))
        """,
        "keras.Sequential([keras.Input((2,)), own.Head(3)])",
        "Head",
    ),
    "takes what it must by place": (
        """
        class Power(L.Layer):
            def __init__(self, exponent, /, offset=0.0):
                super().__init__()
                self.power_of = exponent
                self.by = offset

            def call(self, x):
                return x**self.power_of + self.by
        """,
        "keras.Sequential([keras.Input((2,)), own.Power(2.0, offset=0.5)])",
        "Power",
    ),
    "is rebuilt by the __init__ of its base": (
        """
        class Affine(L.Layer):
            def __init__(self, factor):
                super().__init__()
                self.factor = factor

        class Times(Affine):
            def call(self, x):
                return x * self.factor
        """,
        "keras.Sequential([keras.Input((2,)), own.Times(3.0)])",
        "Affine",
    ),
    "returns what it does not take": (
        """
        class Clip(L.Layer):
            def __init__(self, low, high, **kwargs):
                super().__init__(**kwargs)
                self.low, self.high = low, high

            def call(self, x):
                return ops.clip(x, self.low, self.high)

            def get_config(self):
                return {**super().get_config(), "low": self.low, "upper": self.high}
        """,
        "keras.Sequential([keras.Input((2,)), own.Clip(0.0, 0.5)])",
        "Clip",
    ),
    "makes its own layers": (
        """
        class Block(L.Layer):
            def __init__(self, units):
                super().__init__()
                self.dense = L.Dense(units)

            def call(self, x):
                return self.dense(x)

        class Tower(L.Layer):
            def __init__(self, depth, units):
                super().__init__()
                self.blocks = [Block(units) for _ in range(depth)]

            def call(self, x):
                for block in self.blocks:
                    x = block(x)
                return x
        """,
        "keras.Sequential([keras.Input((2,)), own.Tower(2, 3)])",
        "Tower",
    ),
    "is a regularizer": (
        """
        class Orthogonal(keras.regularizers.Regularizer):
            def __init__(self, features, rate=0.1):
                self.features = features
                self.strength = rate
                self.eye = ops.eye(features)

            def __call__(self, x):
                return self.strength * ops.sum(ops.abs(ops.reshape(x, (-1, self.features, self.features)) - self.eye))
        """,
        "keras.Sequential([keras.Input((2,)), own.L.Dense(4, activity_regularizer=own.Orthogonal(2))])",
        "Orthogonal",
    ),
    "is an initializer": (
        """
        class Ramp(keras.initializers.Initializer):
            def __init__(self, start):
                self.first = start

            def __call__(self, shape, dtype=None):
                return self.first + ops.ones(shape, dtype)
        """,
        "keras.Sequential([keras.Input((2,)), own.L.Dense(3, bias_initializer=own.Ramp(2.0))])",
        "Ramp",
    ),
    "is a loss": (
        """
        class Huberlike(keras.losses.Loss):
            def __init__(self, delta):
                super().__init__(name="huberlike", reduction="sum")
                self.delta = delta

            def call(self, true, predicted):
                return ops.mean(ops.minimum(ops.abs(true - predicted), self.delta), axis=-1)
        """,
        "own.compiled(own.Huberlike(0.5))",
        "Huberlike",
    ),
    "is a metric": (
        """
        class Within(keras.metrics.Metric):
            def __init__(self, margin):
                super().__init__(name="within", dtype="float32")
                self.margin = margin
                self.count = self.add_weight(name="count", initializer="zeros")

            def update_state(self, true, predicted, sample_weight=None):
                self.count.assign_add(ops.sum(ops.cast(ops.abs(true - predicted) < self.margin, "float32")))

            def result(self):
                return self.count
        """,
        "own.compiled('mse', metrics=[own.Within(0.5)])",
        "Within",
    ),
    "keeps an own layer": (
        """
        class Gate(L.Layer):
            def __init__(self, factor):
                super().__init__()
                self.factor = factor

            def call(self, x):
                return x * self.factor

        class Gated(L.Layer):
            def __init__(self, gate, units):
                super().__init__()
                self.gate = gate
                self.dense = L.Dense(units)

            def call(self, x):
                return self.gate(self.dense(x))
        """,
        "keras.Sequential([keras.Input((2,)), own.Gated(own.Gate(2.0), 3)])",
        "Gated",
    ),
}


def case_of(name: str) -> ClassCase:
    return ClassCase(name, *CLASSES[name][:2])


IN_H5 = ("stores neither argument", "names itself", "keeps an array")
CELLS = [*((name, "keras") for name in CLASSES), *((name, "h5") for name in IN_H5)]


@pytest.mark.parametrize(("name", "saved_as"), CELLS)
def test_the_printed_class_works_as_it_is(project: Project, name: str, saved_as: str) -> None:
    case = case_of(name)
    written(project, case)
    found = findings_of(project, case, saved_as)
    assert CLASSES[name][2] in {each["subject"] for each in found}
    assert findings_with_what_is_printed(project, case, saved_as, found) == []


TOKENIZED = """
class Tokenizer:
    def __init__(self, words):
        self.words = words

    def get_config(self):
        return {}

class Tagger(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.tokenizer = Tokenizer(["a"])
        self.dense = L.Dense(2)

    def call(self, x):
        return self.dense(x)
"""


def test_what_no_configuration_holds_is_no_trouble(project: Project) -> None:
    case = ClassCase("keeps a tokenizer", TOKENIZED, "own.Tagger(), [[1.0, 2.0]]")
    written(project, case)
    found = findings_of(project, case, "keras")
    assert found
    assert "Tokenizer" not in str(found)


def test_a_save_that_a_class_stops_names_it_and_its_arguments(project: Project) -> None:
    case = case_of("keeps models")
    written(project, case)
    (finding,) = findings_of(project, case, "keras")
    assert (finding["subject"], finding["where"]) == ("Autoencoder", ["the model"])
    assert "'encoder' and 'decoder' are each no plain value" in finding["cause"]
    assert "was created by passing non-serializable argument values" in finding["quote"]
