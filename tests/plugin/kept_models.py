"""Models that fail, one of each kind that a load or a prediction shows, in a project of one package."""

LAYERS = '''
import os
import signal
import time

import keras
import tensorflow as tf

from . import numbers


class Layer(keras.layers.Layer):
    def call(self, x):
        return x


class Scale(Layer):
    """It does not save its factor."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor * numbers.ONE

    def get_config(self):
        return super().get_config()


class Needs(Layer):
    """It does not save an argument that it needs."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = [factor]

    def get_config(self):
        return super().get_config()


class Strange(Layer):
    """It saves what it does not take."""

    def get_config(self):
        return {**super().get_config(), "strange": 1}


class Loses(Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1],), initializer="ones", name="w")

    def call(self, x):
        return x * self.w

    def save_own_variables(self, store):
        pass

    def load_own_variables(self, store):
        pass


class Dies(Layer):
    @classmethod
    def from_config(cls, config):
        os.kill(os.getpid(), signal.SIGSEGV)


class Exits(Layer):
    @classmethod
    def from_config(cls, config):
        os._exit(0)


class Hangs(Layer):
    @classmethod
    def from_config(cls, config):
        time.sleep(60)


class Raises(Layer):
    @classmethod
    def from_config(cls, config):
        raise KeyError("the shop is closed")


class Draws(Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(1)

    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seed)


class Refuses(Layer):
    def call(self, x):
        tf.debugging.assert_less(x, -1e9, message="not so large")
        return x


class Fails(Layer):
    """It fails where it was loaded."""

    def __init__(self, ready=False, **kwargs):
        super().__init__(**kwargs)
        self.ready = ready

    def call(self, x):
        if not self.ready:
            tf.debugging.assert_less(x, -1e9, message="it is not ready")
        return x

    def get_config(self):
        return super().get_config()


class Doubles(Layer):
    """Its result is of another shape where it was loaded."""

    def __init__(self, times=1, **kwargs):
        super().__init__(**kwargs)
        self.times = times

    def call(self, x):
        return keras.ops.concatenate([x] * self.times, -1)

    def get_config(self):
        return super().get_config()


class Pieces(keras.Model):
    """Its outputs are ragged and sparse, and it does not save its arguments."""

    def __init__(self, times=1.0, sizes=(1, 2), **kwargs):
        super().__init__(**kwargs)
        self.times, self.sizes = times, sizes

    def call(self, x):
        rows = tf.RaggedTensor.from_row_lengths(tf.repeat(x[:, 0], [1, 2]) * self.times, self.sizes)
        return {"rows": rows, "some": tf.sparse.from_dense(tf.where(x > 1.0, x * self.times, 0.0))}

    def get_config(self):
        return {}


class Compiles(keras.Model):
    """It has a compile() of its own, which Keras does not call when it loads."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(3)

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x)

    def compile(self, optimizer, loss):
        super().compile(optimizer=optimizer, loss=loss)


class Forgets(keras.optimizers.SGD):
    """It saves another learning rate, and nothing else."""

    def get_config(self):
        return {"name": self.name, "learning_rate": 0.5}


def cubed(x):
    return x * x * x
'''

TESTS = """
import keras
import numpy as np
import pytest
import tensorflow as tf

from shop import layers

NEW = {new}
roundtrip = pytest.mark.model_roundtrip


def made(*last):
    return keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="d"), *last])


def declared(*classes, **options):
    return roundtrip(custom_objects={{each.__name__: each for each in classes}}, **{{"formats": ["keras"], **options}})


@roundtrip(formats=["h5", "keras"])
def test_unknown_layer():
    return made(layers.Scale())


@roundtrip(formats=["keras"])
def test_unknown_object():
    return made(keras.layers.Activation(layers.cubed))


@declared(layers.Needs)
def test_cannot_rebuild():
    return made(layers.Needs(2.0))


@declared(layers.Strange)
def test_argument():
    return made(layers.Strange())


@roundtrip(formats=["keras"])
def test_lambda():
    return made(keras.layers.Lambda(lambda x: x * 2))


@declared(layers.Dies)
def test_crash():
    return made(layers.Dies())


@declared(layers.Exits)
def test_exit():
    return made(layers.Exits())


@declared(layers.Hangs, timeout=3)
def test_hang():
    return made(layers.Hangs())


@declared(layers.Raises)
def test_raises():
    return made(layers.Raises())


@roundtrip(formats=["keras"], imports=["shop.closed"])
def test_import():
    return made()


@declared(layers.Draws)
def test_draws():
    return made(layers.Draws())


@declared(layers.Refuses)
def test_refuses():
    return made(layers.Refuses())


@declared(layers.Fails, formats=["h5"])
def test_fails_later():
    return made(layers.Fails(ready=True))


@declared(layers.Scale)
def test_drift():
    return made(layers.Scale(3.0))


@declared(layers.Loses, checks=["weights"])
def test_weights():
    model = made(layers.Loses())
    model.layers[-1].w.assign([1.0, 2.0, 3.0])
    return model


@declared(layers.Doubles)
def test_shape():
    return made(layers.Doubles(times=2))


@roundtrip(formats=["keras"], checks=["training"])
def test_training():
    model = made()
    model.compile("adam", loss=keras.losses.Huber(delta=9.0))
    return model, np.full((4, 4), 9.0, "float32")


@roundtrip(formats=["saved_model"])
def test_python_function():
    x = keras.Input((4,))
    called = keras.layers.Lambda(lambda x: tf.ensure_shape(tf.py_function(abs, [x], tf.float32), [None, 4]))
    return keras.Model(x, called(x))


@roundtrip(formats=["keras", "saved_model"], rtol={{"a": 0.1, "b": 0.0}}, atol=0.0)
def test_golden():
    x, y = keras.Input((2,), name="x"), keras.Input((), dtype="string", name="y")
    known = keras.layers.StringLookup(vocabulary=["left", "right"], name="words")(y)
    rows = keras.layers.Embedding(4, 2, embeddings_initializer="ones")(known)
    a = keras.layers.Dense(2, kernel_initializer="ones", activation="tanh" if NEW else None)(x)
    inputs = {{"x": np.array([[1, 2], [3, 4]], "float32"), "y": np.array(["left", "r\\u00e9\\0"], object)}}
    return keras.Model({{"x": x, "y": y}}, {{"b": rows, "a": a}}), inputs


@roundtrip(formats=["h5"])
def test_golden_shape():
    x = keras.Input((2,), name="x")
    return keras.Model(x, [keras.layers.Dense(5 if NEW else 2, name="one")(x), keras.layers.Dense(3, name="two")(x)])


class Words(tf.Module):
    def __init__(self):
        self.by = tf.Variable([3.0, 5.0] if NEW else [1.0, 2.0])

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def times(self, x):
        return {{"y": x * self.by}}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="s")])
    def twice(self, s):
        return {{"t": tf.strings.join([s, s], "+" if NEW else "-")}}


@roundtrip(formats=["saved_model"])
def test_module():
    return Words(), {{"times": {{"x": np.ones((3, 2), "float32")}}, "twice": {{"s": np.array(["a", "bc"], object)}}}}


@roundtrip(formats=["keras"], compare="topk(1)")
def test_first():
    normal = keras.initializers.RandomNormal(seed=int(NEW))
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(9, kernel_initializer=normal)])


X = np.arange(8, dtype="float32").reshape(2, 4)


@declared(layers.Pieces)
def test_pieces():
    return layers.Pieces(2.0), X


@declared(layers.Pieces)
def test_rows():
    return layers.Pieces(sizes=(2, 1)), X


@roundtrip(formats=["keras"])
def test_sparse():
    encoding = keras.layers.CategoryEncoding(5, output_mode="multi_hot", sparse=True)
    return keras.Sequential([keras.Input((3,), dtype="int64"), encoding])


@roundtrip(formats=["h5"], checks=["training"])
def test_state():
    model = made()
    model.compile(keras.optimizers.Adam(0.01), keras.losses.MeanSquaredError())
    model.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)
    return model


@declared(layers.Compiles, checks=["training"])
def test_optimizer():
    model = layers.Compiles()
    model.build((None, 4))
    model.compile("adam", "mse")
    return model, X


@declared(layers.Forgets, formats=["h5", "keras"], checks=["training"])
def test_rate():
    model = made()
    model.compile(layers.Forgets(0.1), keras.losses.MeanSquaredError())
    return model, X


@roundtrip(formats=["h5"])
def test_vocabulary():
    words = keras.layers.TextVectorization(max_tokens=9)
    words.adapt(["a b", "b c"])
    return keras.Sequential([keras.Input((1,), dtype="string"), words]), np.array([["a b"], ["c"]], object)


@pytest.mark.model_artifact("missing.h5")
def test_missing():
    return X


@pytest.mark.model_artifact("unknown.keras")
def test_unknown():
    return X


@pytest.mark.model_artifact("misfit.h5")
def test_misfit():
    return X


@pytest.mark.model_artifact("unbuilt.h5")
def test_unbuilt():
    return X


@pytest.mark.model_artifact("optimizer.keras")
def test_removed():
    return X


@pytest.mark.model_artifact("compiled.h5")
def test_compiled():
    return X


@roundtrip(formats=["keras"])
def test_holds():
    return made()
"""
