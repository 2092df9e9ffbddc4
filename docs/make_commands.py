"""Writes `commands.md` from `commands.txt`: saves models of two Keras, runs `modelcompat`, and keeps what it prints.

Run it with the plugin, TensorFlow, Keras 3 and tf_keras installed: `python docs/make_commands.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

PAGE = Path(__file__).with_name("commands.md")
# A line `!1 command` in it becomes a block with the command and what it prints; it must end with that exit code.
TEXT = PAGE.with_suffix(".txt")

MODELS = """
import sys
import keras
import tensorflow as tf
import tf_keras
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

keras.utils.set_random_seed(0)


@keras.saving.register_keras_serializable("shop")
class Scale(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0


Scale.__module__ = "shop.layers"


def ranker(units):
    inputs = keras.Input((8,), name="features")
    tower = keras.Sequential([keras.Input((8,)), keras.layers.Dense(units, "relu", name="hidden")], name="tower")
    outputs = keras.layers.Dense(1, name="score")(Scale(name="scale")(tower(inputs)))
    model = keras.Model(inputs, outputs, name="ranker")
    model.compile("adam", "mse", metrics=["mae"])
    return model


class Tagger(tf.Module):
    def __init__(self):
        self.kernel = tf.Variable(tf.ones([4, 2]), name="kernel")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def tag(self, x):
        weights = tf.io.parse_tensor(tf.io.read_file("/srv/models/scale.pb"), tf.float32)
        return {"tags": tf.nn.softmax(tf.matmul(x, self.kernel) * weights)}


ranker(16).save("models/ranker-2023.keras")
ranker(32).save("models/ranker-2024.keras")
tagger = Tagger()
tf.saved_model.save(tagger, "models/tagger", signatures=tagger.tag)
vision = tf_keras.Sequential(
    [
        tf_keras.layers.DepthwiseConv2D(3, input_shape=(8, 8, 3), name="blur"),
        tf_keras.layers.Flatten(name="flat"),
        tf_keras.layers.Lambda(lambda x: x / 255.0, name="rescale"),
        tf_keras.layers.Dense(4, name="label"),
    ],
    name="vision",
)
vision.save("models/vision.h5")
tf_keras.Sequential(
    [tf_keras.layers.DepthwiseConv2D(3, input_shape=(8, 8, 3), name="blur"), tf_keras.layers.Flatten(name="flat")]
).save("models/blur.h5")

dense = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
spec = tf.TensorSpec((None, 8), name="features")
frozen = convert_variables_to_constants_v2(tf.function(dense).get_concrete_function(spec)).graph
tf.io.write_graph(frozen, "other", "frozen.pb", as_text=False)
with open("other/ranker.tflite", "wb") as file:
    file.write(tf.lite.TFLiteConverter.from_keras_model(dense).convert())
"""

# The project whose goldens are shown; the second test is gone when they are.
TESTS = """
import keras
import pytest


def a_model(units):
    return keras.Sequential([keras.Input((4,), name="features"), keras.layers.Dense(units, name="score")])


@pytest.mark.model_roundtrip
def test_ranker():
    return a_model(2)
"""
GONE = """

@pytest.mark.model_roundtrip(formats=["keras"])
def test_scorer():
    return a_model(1)
"""

# The tests that are reported on, by a job with Keras 3 and one with Keras 2.
REPORTED = """
import pytest
import tensorflow as tf


class Scale(tf.keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0


@pytest.mark.model_roundtrip
def test_ranker():
    return tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2, name="score")])


@pytest.mark.model_roundtrip(formats=["h5"])
def test_tagger():
    return tf.keras.Sequential([tf.keras.Input((4,)), Scale()])
"""

# What the `jq` of the page does, which need not be installed where the page is written.
JQ = """
import json, sys
for line in sys.stdin:
    data = json.loads(line)
    print(json.dumps([data[key] for key in ("path", "runtime", "verdict", "stage")], separators=(",", ":")))
"""


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "models").mkdir()
        (Path(folder) / "jq.py").write_text(JQ, encoding="utf-8")
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "LC_ALL": "C.UTF-8"}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        subprocess.run([sys.executable, "-c", MODELS], cwd=folder, env=environment, check=True, capture_output=True)
        run = partial(subprocess.run, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        record(Path(folder), environment)
        report(Path(folder), environment)
        (Path(folder) / "serve.log").write_text(log(), encoding="utf-8")
        text = TEXT.read_text(encoding="utf-8")
        page = re.sub(r"^!(\d) (.*)$", lambda match: shown(run, match[2], int(match[1])), text, flags=re.MULTILINE)
    PAGE.write_text(page, encoding="utf-8")


def log() -> str:
    """A log as a container writes it, of two failures that really happened."""
    texts = PAGE.parents[1] / "tests" / "diagnosis" / "tracebacks"
    names = ("tf2.16-depthwise-h5-of-tf2.15.txt", "tf2.4-dense-saved-model-of-tf2.21-served.txt")
    lines = [line for name in names for line in (texts / name).read_text(encoding="utf-8").splitlines()]
    return "".join(f"ranker-1  | {line}\n" for line in lines)


def record(folder: Path, environment: dict[str, str]) -> None:
    """Record and freeze goldens in a project, from which a test is then removed."""
    tests = folder / "tests" / "test_models.py"
    tests.parent.mkdir()
    tests.write_text(TESTS + GONE, encoding="utf-8")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    outside_ci = {name: value for name, value in environment.items() if name != "CI"}
    for option in ("--modelcompat-update-golden", "--modelcompat-freeze=v1.0"):
        subprocess.run([*pytest, option], cwd=folder, env=outside_ci, check=True, capture_output=True)
    tests.write_text(TESTS, encoding="utf-8")


def report(folder: Path, environment: dict[str, str]) -> None:
    """Write the reports of two jobs; a target fails in both."""
    with tempfile.TemporaryDirectory() as elsewhere:
        project = Path(elsewhere) / "shop"
        (project / "tests").mkdir(parents=True)
        (project / "tests" / "test_models.py").write_text(REPORTED, encoding="utf-8")
        (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
        outside_ci = {name: value for name, value in environment.items() if name != "CI"}
        for name, legacy in (("keras3", "0"), ("keras2", "1")):
            options = ["--modelcompat-update-golden", "-o", f"modelcompat_golden_dir=golden-{name}"]
            command = [sys.executable, "-m", "pytest", *options, f"--modelcompat-report={folder / name}.json"]
            keras = {**outside_ci, "TF_USE_LEGACY_KERAS": legacy}
            subprocess.run(command, cwd=project, env=keras, check=False, capture_output=True)
            # The page is to be the same whenever it is written.
            file = folder / f"{name}.json"
            dated = re.sub(r'(?<="started": ")[^"]+', "2026-01-05T09:30:00.000+00:00", file.read_text(encoding="utf-8"))
            file.write_text(dated, encoding="utf-8")


def shown(run: partial[subprocess.CompletedProcess[str]], command: str, exit_code: int) -> str:
    """A command and what it prints, as a block of the page."""
    real = re.sub(r"jq -c '.*'", f"{sys.executable} jq.py", command)
    # Of a pipe, the first command's exit code counts.
    done = run(["bash", "-c", f"{real}; exit ${{PIPESTATUS[0]}}"])
    if done.returncode != exit_code:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return f"```text\n$ {command}\n{(done.stderr + done.stdout).rstrip()}\n```"


if __name__ == "__main__":
    main()
