"""Models of operations on tensors, to be saved by any Keras 2; in the syntax of Python 3.8, as old versions run it.

Each case is a function of TensorFlow, of Keras, and of the inputs whose shapes and dtypes stand beside it.
"""

from typing import Any, Dict

TWO = (((3, 4), "float32"), ((3, 4), "float32"))
INTEGERS = (((3, 4), "int32"), ((3, 4), "int32"))
IMAGE = (((6, 6, 2), "float32"),)
HALF = (((3, 4), "float16"), ((3, 4), "float16"))
OPEN = (((None, 4), "float32"), ((None, 4), "float32"))
WIDE = (((3, 4), "float64"), ((3, 4), "float64"))

# name -> (inputs, function): an operation of Keras 3 is equal.
EQUAL: Dict[str, Any] = {
    "add": (TWO, lambda tf, k, x, y: x + y),
    "add number": (TWO, lambda tf, k, x, y: x + 2),
    "add array": (TWO, lambda tf, k, x, y: x + tf.constant([1.0, 2.0, 3.0, 4.0])),
    "subtract from number": (TWO, lambda tf, k, x, y: 1 - x),
    "subtract from array": (TWO, lambda tf, k, x, y: tf.constant([1.0, 2.0, 3.0, 4.0]) - x),
    "multiply": (TWO, lambda tf, k, x, y: x * 0.5 * y),
    "divide": (TWO, lambda tf, k, x, y: x / (y * y + 1)),
    "divide number": (TWO, lambda tf, k, x, y: 1 / (x * x + 1)),
    "divide integers": (INTEGERS, lambda tf, k, x, y: x / (y * y + 1)),
    "divide integers by number": (INTEGERS, lambda tf, k, x, y: x / 3),
    "floor divide": (TWO, lambda tf, k, x, y: x // 0.3),
    "floor divide integers": (INTEGERS, lambda tf, k, x, y: x // 2),
    "floordiv": (INTEGERS, lambda tf, k, x, y: tf.math.floordiv(x, 3)),
    "modulo": (TWO, lambda tf, k, x, y: x % 0.3),
    "modulo integers": (INTEGERS, lambda tf, k, x, y: x % 3),
    "power": (TWO, lambda tf, k, x, y: x**2),
    "power of number": (TWO, lambda tf, k, x, y: 2**x),
    "power of tensors": (TWO, lambda tf, k, x, y: tf.pow(tf.abs(x), y)),
    "negative": (TWO, lambda tf, k, x, y: -x),
    "absolute": (TWO, lambda tf, k, x, y: abs(x)),
    "maximum": (TWO, lambda tf, k, x, y: tf.maximum(0.1, tf.minimum(x, y))),
    "integers": (INTEGERS, lambda tf, k, x, y: tf.maximum(x * 2 + y, 3 - y)),
    "half": (HALF, lambda tf, k, x, y: (x * 2.5 + 1) / (y * y + 3) - tf.constant([1.0, 2.0, 3.0, 4.0], tf.float16)),
    "half mean": (HALF, lambda tf, k, x, y: tf.reduce_mean(x, axis=-1) % 0.3),
    "double": (WIDE, lambda tf, k, x, y: x * tf.constant([0.1, 2.0, 3.0, 4.0], tf.float64) + 0.1),
    "squared difference": (TWO, lambda tf, k, x, y: tf.math.squared_difference(x, y)),
    "add_n": (TWO, lambda tf, k, x, y: tf.add_n([x, y, x])),
    "divide_no_nan": (TWO, lambda tf, k, x, y: tf.math.divide_no_nan(x, tf.nn.relu(y))),
    "compare": (TWO, lambda tf, k, x, y: tf.cast(x > y, tf.float32)),
    "compare number": (TWO, lambda tf, k, x, y: tf.cast((x >= 0) & (y < 0.2), "float32")),
    "not": (TWO, lambda tf, k, x, y: tf.cast(~(x <= 0), tf.int32)),
    "not equal": (INTEGERS, lambda tf, k, x, y: tf.cast(tf.not_equal(x, 0), tf.float32)),
    "exp log": (TWO, lambda tf, k, x, y: tf.math.log(tf.exp(x) + 1.0)),
    "sqrt": (TWO, lambda tf, k, x, y: tf.sqrt(tf.square(x)) + tf.math.rsqrt(tf.abs(y) + 1)),
    "trigonometry": (TWO, lambda tf, k, x, y: tf.sin(x) + tf.cos(y) + tf.tan(x) + tf.atan(y) + tf.math.atan2(x, y)),
    "hyperbolic": (TWO, lambda tf, k, x, y: tf.sinh(x) + tf.cosh(y) + tf.asinh(x) + tf.tanh(y)),
    "rounded": (TWO, lambda tf, k, x, y: tf.round(x * 10) + tf.floor(y) + tf.math.ceil(y * 3)),
    "sign erf": (TWO, lambda tf, k, x, y: tf.sign(x) + tf.math.erf(y) + tf.math.log1p(tf.abs(x)) + tf.math.expm1(y)),
    "sigmoid": (TWO, lambda tf, k, x, y: tf.sigmoid(x) + tf.nn.sigmoid(y) + tf.math.log_sigmoid(x)),
    "activations": (
        TWO,
        lambda tf, k, x, y: tf.nn.relu(x) + tf.nn.relu6(y * 9) + tf.nn.elu(x) + tf.nn.selu(y) + tf.nn.softplus(x),
    ),
    "softsign": (TWO, lambda tf, k, x, y: tf.nn.softsign(x) + tf.nn.swish(y)),
    "leaky relu": (TWO, lambda tf, k, x, y: tf.nn.leaky_relu(x) + tf.nn.leaky_relu(y, alpha=0.4)),
    "softmax": (TWO, lambda tf, k, x, y: tf.nn.softmax(x) + tf.nn.softmax(y, axis=1) + tf.nn.log_softmax(x)),
    "keras softmax": (TWO, lambda tf, k, x, y: k.activations.softmax(x) + k.activations.elu(y)),
    "clip": (TWO, lambda tf, k, x, y: tf.clip_by_value(x, -0.2, 0.3)),
    "clip by tensors": (TWO, lambda tf, k, x, y: tf.clip_by_value(x, -tf.abs(y), tf.abs(y))),
    "where": (TWO, lambda tf, k, x, y: tf.where(x > 0, x, tf.zeros_like(x))),
    "where number": (TWO, lambda tf, k, x, y: tf.where(x > 0, y, 0.0)),
    "where ones": (INTEGERS, lambda tf, k, x, y: tf.where(x > 0, tf.ones_like(x), y)),
    "zeros of dtype": (INTEGERS, lambda tf, k, x, y: tf.zeros_like(x, dtype=tf.float32) + 2.5),
    "cast": (TWO, lambda tf, k, x, y: tf.cast(x * 5, tf.int32)),
    "cast half": (TWO, lambda tf, k, x, y: tf.cast(x, "float16") * 2.0),
    "identity": (TWO, lambda tf, k, x, y: tf.identity(x)),
    "stop gradient": (TWO, lambda tf, k, x, y: tf.stop_gradient(x) + y),
    "mean": (TWO, lambda tf, k, x, y: tf.reduce_mean(x, axis=[1, 2], keepdims=True)),
    "mean of all": (TWO, lambda tf, k, x, y: x - tf.reduce_mean(x)),
    "keras mean": (TWO, lambda tf, k, x, y: k.backend.mean(x, axis=1) + k.backend.sum(y, axis=1)),
    "sum": (TWO, lambda tf, k, x, y: tf.reduce_sum(x, -1) + tf.reduce_max(y, axis=-1) - tf.reduce_min(y, axis=2)),
    "sum of integers": (INTEGERS, lambda tf, k, x, y: tf.reduce_sum(x, 1) + tf.reduce_max(y, 1)),
    "product": (TWO, lambda tf, k, x, y: tf.reduce_prod(x, axis=1)),
    "std": (TWO, lambda tf, k, x, y: tf.math.reduce_std(x, axis=1) + tf.math.reduce_variance(y, axis=1)),
    "any": (
        TWO,
        lambda tf, k, x, y: tf.cast(tf.reduce_any(x > 0.5, axis=1) | tf.reduce_all(y > 0, axis=1), tf.float32),
    ),
    "logsumexp": (TWO, lambda tf, k, x, y: tf.reduce_logsumexp(x, axis=-1)),
    "l2 normalize": (TWO, lambda tf, k, x, y: tf.nn.l2_normalize(x, axis=-1)),
    "l2 normalize epsilon": (TWO, lambda tf, k, x, y: tf.math.l2_normalize(x, 1, epsilon=1.0)),
    "keras l2 normalize": (TWO, lambda tf, k, x, y: k.backend.l2_normalize(x, axis=1)),
    "norm": (TWO, lambda tf, k, x, y: tf.norm(x, axis=1) + tf.norm(y, axis=1, ord="euclidean")),
    "argmax": (TWO, lambda tf, k, x, y: tf.argmax(x, axis=-1)),
    "argmin": (TWO, lambda tf, k, x, y: tf.argmin(x, axis=1, output_type=tf.int32)),
    "argmax of first axis": (TWO, lambda tf, k, x, y: tf.argmax(x)),
    "cumsum": (TWO, lambda tf, k, x, y: tf.cumsum(x, axis=1) + tf.math.cumprod(y, axis=2)),
    "matmul": (TWO, lambda tf, k, x, y: tf.matmul(x, y, transpose_b=True)),
    "matmul turned": (TWO, lambda tf, k, x, y: tf.matmul(x, y, transpose_a=True)),
    "matmul operator": (TWO, lambda tf, k, x, y: x @ tf.transpose(y, [0, 2, 1])),
    "matmul array": (TWO, lambda tf, k, x, y: tf.matmul(x, tf.constant([[1.0, 2], [3, 4], [5, 6], [7, 8]]))),
    "batch_dot": (TWO, lambda tf, k, x, y: k.backend.batch_dot(x, y, axes=2)),
    "keras dot": (TWO, lambda tf, k, x, y: k.backend.dot(x, tf.ones((4, 2)))),
    "tensordot": (TWO, lambda tf, k, x, y: tf.tensordot(x, tf.ones((4, 2)), axes=[[2], [0]])),
    "concat": (TWO, lambda tf, k, x, y: tf.concat([x, y, x], axis=-1)),
    "keras concatenate": (TWO, lambda tf, k, x, y: k.backend.concatenate([x, y], axis=1)),
    "stack": (TWO, lambda tf, k, x, y: tf.stack([x, y], axis=1)),
    "split": (TWO, lambda tf, k, x, y: tf.split(x, 2, axis=-1)),
    "split sizes": (TWO, lambda tf, k, x, y: tf.split(x, [1, 3], axis=-1)),
    "split rest": (TWO, lambda tf, k, x, y: tf.split(x, [1, -1, 2], axis=2)),
    "split used": (TWO, lambda tf, k, x, y: tf.split(x, 2, axis=2)[1] * 3.0 + tf.split(y, 2, axis=2)[0]),
    "unstack": (TWO, lambda tf, k, x, y: tf.unstack(x, axis=1)),
    "slice": (TWO, lambda tf, k, x, y: x[:, 1:, ::2]),
    "slice ellipsis": (TWO, lambda tf, k, x, y: x[..., 0]),
    "slice new axis": (TWO, lambda tf, k, x, y: x[:, tf.newaxis, :, :-1]),
    "slice last": (TWO, lambda tf, k, x, y: x[:, -1, :]),
    "slice batch": (TWO, lambda tf, k, x, y: x[1:]),
    "slice first": (TWO, lambda tf, k, x, y: x[0]),
    "slice backwards": (TWO, lambda tf, k, x, y: x[:, ::-1]),
    "tf.slice": (TWO, lambda tf, k, x, y: tf.slice(x, [0, 1, 0], [-1, 2, 3])),
    "reshape": (TWO, lambda tf, k, x, y: tf.reshape(x, [-1, 12])),
    "reshape by size": (TWO, lambda tf, k, x, y: tf.reshape(x, (tf.shape(x)[0], 12))),
    "reshape by sizes": (TWO, lambda tf, k, x, y: tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[1], 2, 2])),
    "reshape like": (TWO, lambda tf, k, x, y: tf.reshape(tf.reshape(x, [-1, 12]), tf.shape(y))),
    "reshape computed": (TWO, lambda tf, k, x, y: tf.reshape(x, [tf.shape(x)[0] * 3, 4])),
    "reshape joined": (TWO, lambda tf, k, x, y: tf.reshape(x, tf.concat([tf.shape(x)[:1], [6, 2]], axis=0))),
    "size as number": (TWO, lambda tf, k, x, y: x / tf.cast(tf.shape(x)[2], tf.float32)),
    "expand_dims": (TWO, lambda tf, k, x, y: tf.expand_dims(x, 1) + k.backend.expand_dims(y, axis=1)),
    "squeeze": (TWO, lambda tf, k, x, y: tf.squeeze(x[:, :1], axis=1)),
    "squeeze two": (TWO, lambda tf, k, x, y: tf.squeeze(x[:, :1, :1], axis=[1, 2])),
    "moments": (TWO, lambda tf, k, x, y: list(tf.nn.moments(x, axes=[1]))),
    "transpose": (TWO, lambda tf, k, x, y: tf.transpose(x, perm=[0, 2, 1])),
    "transpose all": (TWO, lambda tf, k, x, y: tf.transpose(x)),
    "permute_dimensions": (TWO, lambda tf, k, x, y: k.backend.permute_dimensions(x, (0, 2, 1))),
    "tile": (TWO, lambda tf, k, x, y: tf.tile(x, [1, 2, 1])),
    "repeat": (TWO, lambda tf, k, x, y: tf.repeat(x, 2, axis=1)),
    "reverse": (TWO, lambda tf, k, x, y: tf.reverse(x, axis=[1, 2])),
    "roll": (TWO, lambda tf, k, x, y: tf.roll(x, shift=1, axis=2)),
    "pad": (TWO, lambda tf, k, x, y: tf.pad(x, [[0, 0], [1, 1], [0, 2]])),
    "pad value": (TWO, lambda tf, k, x, y: tf.pad(x, [[0, 0], [1, 1], [0, 2]], constant_values=3)),
    "pad reflect": (TWO, lambda tf, k, x, y: tf.pad(x, [[0, 0], [1, 1], [0, 2]], mode="REFLECT")),
    "gather": (TWO, lambda tf, k, x, y: tf.gather(x, [2, 0], axis=1)),
    "gather one": (TWO, lambda tf, k, x, y: tf.gather(x, 1, axis=1)),
    "gather table": (INTEGERS, lambda tf, k, x, y: tf.gather(tf.constant([[0.5, 1], [2, 3], [4, 5], [6, 7]]), x)),
    "one_hot": (INTEGERS, lambda tf, k, x, y: tf.one_hot(x, 3)),
    "one_hot integers": (INTEGERS, lambda tf, k, x, y: tf.one_hot(x, depth=3, axis=1, dtype=tf.int32)),
    "top_k": (TWO, lambda tf, k, x, y: list(tf.math.top_k(x, k=2))),
    "sort": (TWO, lambda tf, k, x, y: tf.sort(x, axis=1)),
    "resize": (IMAGE, lambda tf, k, x: tf.image.resize(x, (9, 4))),
    "resize nearest": (IMAGE, lambda tf, k, x: tf.image.resize(x, [3, 3], method="nearest")),
    "resize antialias": (IMAGE, lambda tf, k, x: tf.image.resize(x, [3, 3], antialias=True)),
    "epsilon": (TWO, lambda tf, k, x, y: k.backend.sqrt(k.backend.square(x) + k.backend.epsilon())),
    "keras clip": (TWO, lambda tf, k, x, y: k.backend.clip(x, 0, 1)),
    "keras std": (TWO, lambda tf, k, x, y: k.backend.std(x, axis=1) + k.backend.var(y, axis=1)),
    "open axis": (OPEN, lambda tf, k, x, y: tf.reduce_mean(x * y, axis=1) + x[:, 0]),
}


def _embedded(tf: Any, k: Any, x: Any, y: Any) -> Any:
    table = k.layers.Embedding(5, 4, name="table")
    ones = tf.reshape(table(x), [-1, 3, 16])
    return k.layers.Dense(2)(ones) * tf.cast(tf.reduce_sum(y), tf.float32)


def _attention(tf: Any, k: Any, x: Any, y: Any) -> Any:
    a, b = k.layers.Dense(4)(x), k.layers.Dense(4)(y)
    scores = tf.nn.softmax(tf.matmul(a, b, transpose_b=True) / tf.math.sqrt(tf.cast(tf.shape(b)[-1], tf.float32)))
    return k.layers.LayerNormalization()(x + tf.matmul(scores, b))


def _shared(tf: Any, k: Any, x: Any, y: Any) -> Any:
    dense = k.layers.Dense(4, name="shared")
    one = dense(x) * 2
    return dense(one) - dense(y)


def _nested(tf: Any, k: Any, x: Any, y: Any) -> Any:
    a = k.Input((3, 4))
    inner = k.Model(a, tf.nn.relu(k.layers.Dense(4)(a)) - 0.1, name="inner")
    return inner(x) * 2 - inner(inner(y))


def _sequential(tf: Any, k: Any, x: Any, y: Any) -> Any:
    inner = k.Sequential([k.layers.InputLayer((3, 4)), k.layers.Dense(4)], name="tower")
    return tf.abs(inner(x) - inner(y))


def _branches(tf: Any, k: Any, x: Any, y: Any) -> Any:
    conv = k.layers.Conv1D(6, 2, padding="same", strides=2)(x)
    first, second = tf.split(conv, 2, axis=-1)
    return [first * tf.sigmoid(second), tf.reduce_mean(conv, axis=1)]


def _vae(tf: Any, k: Any, x: Any, y: Any) -> Any:
    mean, spread = k.layers.Dense(2)(x), k.layers.Dense(2)(x)
    return mean + tf.exp(0.5 * spread)


def _mixed(tf: Any, k: Any, x: Any, y: Any) -> Any:
    half = k.layers.Dense(4, dtype=k.mixed_precision.Policy("mixed_float16"))(x)
    return tf.cast(half * 0.5 + tf.constant([1.0, 2.0, 3.0, 4.0], tf.float16), tf.float32) + y


def _counted(tf: Any, k: Any, x: Any, y: Any) -> Any:
    flat = k.layers.Flatten()(x)
    return tf.reshape(flat, (-1, tf.shape(x)[1], tf.shape(x)[2])) / tf.cast(tf.shape(flat)[1], "float32")


# The same for models with layers, whose weights must arrive too.
MODELS: Dict[str, Any] = {
    "attention": (TWO, _attention),
    "shared layer": (TWO, _shared),
    "nested": (TWO, _nested),
    "sequential": (TWO, _sequential),
    "branches": (TWO, _branches),
    "variational": (TWO, _vae),
    "embedded": (INTEGERS, _embedded),
    "mixed precision": (TWO, _mixed),
    "counted": (TWO, _counted),
}


def build(tf: Any, k: Any, inputs: Any, function: Any) -> Any:
    """A model of a case.

    Args:
        tf: TensorFlow.
        k: Keras 2.
        inputs: shape and dtype of each input.
        function: of a case.
    """
    given = [k.Input(shape, dtype=dtype, name="in_%d" % place) for place, (shape, dtype) in enumerate(inputs)]
    found = function(tf, k, *given)
    return k.Model(given, found)


def values(numpy: Any, inputs: Any) -> Any:
    """What a model of a case is called with: the same each time, with values that round, repeat and change sign."""
    random = numpy.random.RandomState(0)
    found = []
    for shape, dtype in inputs:
        sizes = (2, *(5 if each is None else each for each in shape))
        made = random.randint(0, 4, sizes) if dtype.startswith("int") else random.uniform(-1, 1, sizes)
        found.append(made.astype(dtype))
    return found
