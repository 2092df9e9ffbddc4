"""Classes and functions of a project, as its models use them. Python 3.8, any TensorFlow 2."""

import tensorflow as tf

keras = tf.keras


class Scale(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0


class Projection(keras.layers.Layer):
    """Has an argument that its configuration lacks."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], self.units))

    def call(self, inputs):
        return tf.matmul(inputs, self.kernel)


class Saved(Projection):
    """The same, and its configuration says so."""

    def get_config(self):
        return dict(super().get_config(), units=self.units, offset=1.0)


class Closed(keras.layers.Layer):
    """Takes none of what Keras saves for every layer."""

    def __init__(self):
        super().__init__()

    def call(self, inputs):
        return inputs + 1.0


class Tensors(keras.layers.Layer):
    """Its configuration holds what is no plain number."""

    def get_config(self):
        return dict(super().get_config(), factor=tf.constant([1.0, 2.0]))

    def call(self, inputs):
        return inputs


class Unbuilt(keras.layers.Layer):
    """Makes its sublayer in a build() that builds nothing."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


class Huge(keras.layers.Layer):
    """Asks for four terabytes when it is called."""

    def call(self, inputs):
        return inputs + tf.reduce_sum(tf.random.uniform([1000000, 1000000]))


class Tower(keras.Model):
    """A model that its call() defines."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(4)
        self.score = keras.layers.Dense(1)

    def call(self, inputs):
        return self.score(self.hidden(inputs))

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls()


def softer(inputs):
    return inputs * 0.5


def focal(truth, predicted):
    return tf.reduce_mean(tf.square(truth - predicted))


def hits(truth, predicted):
    return tf.reduce_mean(tf.abs(truth - predicted))


DECLARED = {each.__name__: each for each in (Projection, Saved, Closed, Tensors, Unbuilt, Huge, Tower)}
