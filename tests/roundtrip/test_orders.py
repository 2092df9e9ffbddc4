"""All is said, recorded and reported alike, whether a model is examined before its artifact loads or meanwhile."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin import model_tests

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = pytest.mark.needs_tensorflow

IN_ORDER = "--modelcompat-in-order"
REPORT = "report.json"


@dataclass(frozen=True)
class Kind:
    """A test of a model, and what becomes of it.

    Args:
        name: of the kind.
        body: of `test_model`, which returns the model.
        says: what the text of its run has to hold; nothing where it passes.
        marker: the arguments of its marker.
        before: what stands above the test.
        drift: what is put for "1.0" in the body once its golden is recorded.
    """

    name: str
    body: str
    says: str = ""
    marker: str = ""
    before: str = ""
    drift: str = ""

    def source(self, *, drifted: bool = False) -> str:
        body = self.body.replace("1.0", self.drift) if drifted else self.body
        test = f"@roundtrip({self.marker})\ndef test_model():\n{textwrap.indent(textwrap.dedent(body), '    ')}"
        return f"{textwrap.dedent(self.before)}\n\n{test}"


DENSE = """
keras.utils.set_random_seed(7)
ones = keras.initializers.Constant(1.0)
return keras.Sequential([keras.Input((3,)), L.Dense(4, use_bias=False, kernel_initializer=ones)])
"""
SCALE = """
@keras.utils.register_keras_serializable("orders")
class Scale(L.Layer):
    def __init__(self, by=2.0, **kwargs):
        super().__init__(**kwargs)
        self.by = by
    def call(self, x):
        return x * self.by
"""
FORGETS = f"""{SCALE}
    def get_config(self):
        return {{"name": self.name}}
"""
UNREGISTERED = SCALE.replace('@keras.utils.register_keras_serializable("orders")\n', "")
# Of a save, a call and a load, each may find another count.
COUNTER = """
@keras.utils.register_keras_serializable("orders")
class Counter(L.Layer):
    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)
    def call(self, x):
        self.count.assign_add(1.0)
        return x + 0.0 * self.count
"""
NOISE = """
@keras.utils.register_keras_serializable("orders")
class Noise(L.Layer):
    def call(self, x):
        return x + tf.random.normal(tf.shape(x))
"""
REFUSES = """
@keras.utils.register_keras_serializable("orders")
class Refuses(L.Layer):
    def get_config(self):
        raise RuntimeError("no configuration")
    def call(self, x):
        return x
"""
MODULE = """
class Doubles(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], "float32")])
    def __call__(self, x):
        return 2.0 * x
"""
SEQUENTIAL = "return keras.Sequential([keras.Input((3,)), {}])"
BOTH = 'formats=["h5", "keras"]'
COMPILES = """
m.compile("sgd", keras.losses.MeanSquaredError())
return m
"""

KINDS = [
    Kind("passes", DENSE),
    Kind("drifts", DENSE, "PREDICTIONS DRIFTED", drift="1.5"),
    Kind("drifts by rounding", DENSE, drift="1.0000001"),
    Kind("gains an output", SEQUENTIAL.format("L.Dense(int(1.0), use_bias=False)"), "test_model", drift="2"),
    Kind("compiled", DENSE.replace("return ", "m = ") + COMPILES),
    Kind(
        "outputs by name",
        'i = keras.Input((3,), name="a")\nreturn keras.Model({"a": i}, {"b": L.ReLU()(i), "c": L.Softmax()(i)})',
    ),
    Kind("undeclared", SEQUENTIAL.format("Scale()"), "UNKNOWN LAYER", BOTH, UNREGISTERED),
    Kind("forgets an argument", SEQUENTIAL.format("Scale(3.0)"), "ARGUMENT NOT SAVED", BOTH, FORGETS),
    Kind("counts its calls", SEQUENTIAL.format("Counter()"), "test_model", "custom_objects=[__name__]", COUNTER),
    Kind("draws", SEQUENTIAL.format("Noise()"), "test_model", before=NOISE),
    Kind("refuses to be saved", SEQUENTIAL.format("Refuses()"), "no configuration", 'formats=["keras"]', REFUSES),
    Kind("a lambda", SEQUENTIAL.format("L.Lambda(lambda x: x * 2.0)"), "bytecode", BOTH),
    Kind("a state", "return keras.Sequential([keras.Input((4, 3), batch_size=2), L.GRU(2, stateful=True)])"),
    Kind("gives no number", SEQUENTIAL.format("L.Lambda(lambda x: x / 0.0)"), "", 'formats=["saved_model"]'),
    Kind("is no model", "return 3", "test_model"),
    Kind("raises", "raise ValueError('no weights here')", "no weights here"),
    Kind("is called with inputs that do not fit", DENSE, "test_model", "inputs=np.ones((2, 7), 'float32')"),
    Kind("takes text", SEQUENTIAL.replace("(3,)", "(1,), dtype='string'").format("L.StringLookup(vocabulary=['a'])")),
    Kind("half precision", SEQUENTIAL.format("L.Dense(2, dtype='float16', kernel_initializer='ones', use_bias=False)")),
    Kind(
        "trains",
        DENSE.replace("return ", "m = ") + COMPILES,
        "",
        'checks=["training"], formats=["keras"]',
    ),
    Kind("no Keras", "return Doubles()", "", 'formats=["saved_model"]', MODULE),
]


@dataclass(frozen=True)
class Seen:
    """What a run leaves: its text, how many tests fail, the report and the goldens."""

    text: str
    failures: int
    report: Any
    goldens: dict[str, bytes]


def run(project: Project, kind: Kind, *options: str) -> Seen:
    """The test of a kind recorded in a folder without goldens, and if it drifts, run again as it is then."""
    for path in sorted(project.path.glob("golden/**/*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    model_tests.write(project, kind.source())
    report = f"--modelcompat-report={REPORT}"
    ran = project.run("--modelcompat-update-golden", report, *options)
    goldens = {str(path): path.read_bytes() for path in project.path.glob("golden/**/*") if path.is_file()}
    if kind.drift:
        model_tests.write(project, kind.source(drifted=True))
        ran = project.run(report, *options)
    outcomes = ran.parseoutcomes()
    said = json.loads((project.path / REPORT).read_text(encoding="utf-8"))
    failures = outcomes.get("failed", 0) + outcomes.get("errors", 0)
    return Seen(_timeless(ran.stdout.str()), failures, _without_times(said), goldens)


def _timeless(text: str) -> str:
    return re.sub(r"\d+(\.\d+)? ?m?s\b|=+", "", text)


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(each) for key, each in value.items() if key not in _TIMES}
    return [_without_times(each) for each in value] if isinstance(value, list) else value


_TIMES = ("seconds", "started", "peak_memory", "timings", "log")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_both_orders_find_the_same(project: Project, kind: Kind) -> None:
    meanwhile, before = run(project, kind), run(project, kind, IN_ORDER)
    assert meanwhile.text == before.text
    assert meanwhile.report == before.report
    assert meanwhile.goldens == before.goldens
    assert bool(meanwhile.failures) == bool(kind.says)
    assert kind.says in meanwhile.text
