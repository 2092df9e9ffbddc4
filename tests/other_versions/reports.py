"""Kinds of models that public reports are about: what saves one, where it is loaded, and what is said of it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

LOCAL = "local"


@dataclass(frozen=True)
class Load:
    """One file in one runtime.

    Args:
        file: its name.
        runtime: where it is loaded.
        verdict: what `modelcompat check` says of it there, the beginning.
        said: words that the reload says, and `check` too; none where it passes.
        inputs: the test's, as code.
        options: of the marker, as code, which `check` is not given.
        declared: what `check` is given besides.
        mended: an option, as code, with which it passes; one that the text of the failure names.
    """

    file: str
    runtime: str
    verdict: str = "loads"
    said: tuple[str, ...] = ()
    inputs: str = "None"
    options: str = ""
    declared: tuple[str, ...] = ()
    mended: str = ""


@dataclass(frozen=True)
class Report:
    """A kind of model.

    Args:
        name: of the kind.
        source: the report.
        savers: runtimes that can save it, the one of the report first.
        code: saves it into the working folder.
        loads: what happens where.
        modules: further files of the project by name.
        imports: what the options of its loads name, as code.
    """

    name: str
    source: str
    savers: tuple[str, ...]
    code: str
    loads: tuple[Load, ...]
    modules: tuple[tuple[str, str], ...] = ()
    imports: str = ""

    @property
    def script(self) -> str:
        """The code as a file, with what each of them begins with."""
        return "import numpy as np\nimport tensorflow as tf\n\nkeras = tf.keras\n" + textwrap.dedent(self.code)


_ACTIVATIONS = ("Keras 2.4 has no activation of this name",)
_OF_A_FILE = "rebuilding it reads this file of the host"
_SWISH = ("swish is a function from outside Keras in this file, as tf.nn.silu is",)
_DRAWN = ("it was saved before it was built, so the file holds no weights",)
_TERMS = 'np.array([["red"], ["blue"]])'
_TWO_ROWS = "np.arange(8.0, dtype='float32').reshape(2, 4)"
_LEGACY = "writes an optimizer of keras.optimizers.legacy into a .keras file in a way that Keras 2.13 cannot read"
# To a test, and to the command.
_DECLARED = 'custom_objects={"Leaky": leaky_cells.Leaky}', ("--custom", "Leaky")
_LEAKY_CELLS = """
    import keras

    class Leaky(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

        def call(self, inputs, states):
            state = 0.5 * states[0] + keras.ops.matmul(inputs, self.kernel)
            return state, [state]

        def get_config(self):
            return {**super().get_config(), "units": self.units}
"""

REPORTS = (
    Report(
        "activations-that-Keras-2-takes-from-tf.nn",
        "BBQuercus/deepBlink#107",
        ("tf2.15", "tf2.8"),
        """
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(3, activation="leaky_relu")(inputs)
        hidden = keras.layers.Dense(3, activation="relu6")(hidden)
        keras.Model(inputs, keras.layers.Dense(2, activation="silu")(hidden)).save("tagger.h5")
        """,
        (
            Load("tagger.h5", "tf2.4", "fails at config", _ACTIVATIONS),
            *(Load("tagger.h5", runtime) for runtime in ("tf2.8", "tf2.13", "tf2.15")),
        ),
    ),
    *(
        Report(
            f"a-loss-scale-optimizer-in-h5-of-{saver}",
            "measured",
            (saver,),
            """
            keras.mixed_precision.set_global_policy("mixed_float16")
            layers = [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1, dtype="float32")]
            model = keras.Sequential(layers)
            model.compile("sgd", "mse")
            model.fit(np.ones((2, 4), "float32"), np.ones((2, 1), "float32"), verbose=0)
            model.save("scaled.h5")
            """,
            tuple(Load("scaled.h5", runtime) for runtime in loaded_in),
        )
        # Each Keras has its class of them: LossScaleOptimizer, then LossScaleOptimizerV3.
        for saver, loaded_in in (("tf2.8", ("tf2.8", "tf2.11")), ("tf2.15", ("tf2.13", "tf2.15")))
    ),
    Report(
        "a-function-that-Keras-3-has-under-another-name",
        "qubvel/efficientnet#62",
        (LOCAL,),
        """
        inputs = keras.Input((4,))
        for function in (tf.nn.silu, tf.nn.gelu):
            outputs = keras.layers.Conv1D(2, 1, activation=function)(keras.layers.Reshape((2, 2))(inputs))
            for suffix in (".h5", ".keras"):
                keras.Model(inputs, outputs).save(function.__name__ + suffix)
        """,
        (
            *(
                Load(f"swish{suffix}", LOCAL, "fails at config", _SWISH, mended="custom_objects={'swish': silu}")
                for suffix in (".h5", ".keras")
            ),
            Load("gelu.h5", LOCAL),
            Load("gelu.keras", LOCAL),
        ),
        imports="from keras.activations import silu",
    ),
    Report(
        "a-vocabulary-in-a-file",
        "keras-team/keras#21751",
        ("tf2.18",),
        """
        from pathlib import Path

        terms = Path("terms.txt").resolve()
        terms.write_text("red\\ngreen\\nblue\\n")
        inputs = keras.Input((1,), dtype="string")
        for layer in (keras.layers.StringLookup, keras.layers.TextVectorization):
            model = keras.Model(inputs, keras.layers.Embedding(5, 2)(layer(vocabulary=str(terms))(inputs)))
            model.save(layer.__name__ + ".h5")
            model.save(layer.__name__ + ".keras")
        """,
        tuple(
            Load(
                f"{name}{suffix}",
                runtime,
                verdict,
                (_OF_A_FILE,),
                _TERMS,
                mended=f'{mode}allow_unsafe={{"{name}": "ours"}}',
            )
            for name in ("StringLookup", "TextVectorization")
            for suffix in (".h5", ".keras")
            for runtime, verdict, mode in (("tf2.18", "loads", ""), (LOCAL, "fails at config", "safe_mode=False, "))
        ),
    ),
    Report(
        "terms-weighted-by-frequency-in-keras",
        "keras-team/keras#22004",
        ("tf2.18",),
        """
        layer = keras.layers.StringLookup(output_mode="tf_idf")
        layer.adapt(tf.constant([["red"], ["green"], ["red"], ["blue"]]))
        inputs = keras.Input((1,), dtype="string")
        keras.Model(inputs, keras.layers.Dense(2)(layer(inputs))).save("weighted.keras")
        """,
        (
            Load("weighted.keras", "tf2.18", "fails at weights", ("cannot read back the vocabulary",), inputs=_TERMS),
            Load("weighted.keras", LOCAL, inputs=_TERMS),
        ),
    ),
    Report(
        "a-cell-inside-Bidirectional",
        "keras-team/keras#8847",
        (LOCAL,),
        """
        import keras
        import leaky_cells

        inputs = keras.Input((3, 2))
        with keras.saving.custom_object_scope({"Leaky": leaky_cells.Leaky}):
            both = keras.layers.Bidirectional(keras.layers.RNN(leaky_cells.Leaky(2)), merge_mode="sum")
            model = keras.Model(inputs, both(inputs))
            model.save("both.h5")
            model.save("both.keras")
        """,
        (
            Load(
                "both.h5",
                LOCAL,
                "fails at config",
                ("forgets custom_objects inside a Bidirectional of an .h5 file",),
                options=_DECLARED[0],
                declared=_DECLARED[1],
                mended='imports=["registered_cells"]',
            ),
            Load(
                "both.keras",
                LOCAL,
                "loads, if Leaky takes its configuration",
                options=_DECLARED[0],
                declared=_DECLARED[1],
            ),
        ),
        (
            ("leaky_cells.py", _LEAKY_CELLS),
            (
                "registered_cells.py",
                "import keras, leaky_cells\nkeras.saving.get_custom_objects()['Leaky'] = leaky_cells.Leaky",
            ),
        ),
        "import leaky_cells",
    ),
    Report(
        "a-legacy-optimizer-in-keras",
        "keras-team/keras#18278",
        ("tf2.13",),
        """
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        model.compile(keras.optimizers.legacy.RMSprop(), "mse")
        model.fit(np.ones((2, 4), "float32"), np.ones((2, 2), "float32"), verbose=0)
        model.save("trained.keras")
        """,
        (Load("trained.keras", "tf2.13", "fails at config", (_LEGACY,), mended="compile_model=False"),),
    ),
    Report(
        "a-Sequential-without-weights",
        "keras-team/keras#4875",
        (LOCAL,),
        """
        model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(2)])
        model.save("unbuilt.h5")
        model.save("unbuilt.keras")
        model.build((None, 4))
        model.save("built.keras")
        """,
        (
            *(Load(f"unbuilt{suffix}", LOCAL, "changed", _DRAWN, inputs=_TWO_ROWS) for suffix in (".h5", ".keras")),
            Load("built.keras", LOCAL, inputs=_TWO_ROWS),
        ),
    ),
)
