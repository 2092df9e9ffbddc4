"""Writes `commands.md`: saves models of Keras 2 and Keras 3, runs `modelcompat` on them, and keeps what it prints.

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

# A line `!1 command` becomes a block with the command and what it prints; it must end with that exit code.
TEXT = """
# The command `modelcompat`

`modelcompat` reads saved models, `.h5`, `.keras` and SavedModel of any age, and says what is in them and which versions
will load them. It is installed with `pip install pytest-modelcompat` and needs no TensorFlow. It loads no model:
nothing in a file is imported, unpickled or executed. The output below is exactly what it prints;
`docs/make_commands.py` saves the models and writes this page.

| command | answers |
|---|---|
| [`inspect`](#modelcompat-inspect) | What is in this file, and is any of it unsafe? |
| [`check`](#modelcompat-check) | Will it load where we run it? Why not? |
| [`runtimes-for`](#modelcompat-runtimes-for) | Which TensorFlow and Keras versions load it? |
| [`diff`](#modelcompat-diff) | What changed between these two? |
| [`runtimes`](#modelcompat-runtimes) | Which runtimes can artifacts be reloaded in, and how do I get one? |
| [`golden`](#modelcompat-golden) | What do our goldens record, what is frozen, and what can be removed? |
| [`matrix`](#modelcompat-matrix) | Which of our models pass in which runtime? |
| [`report`](#modelcompat-report) | What are the results of all jobs of a CI matrix, in one table? |
| [`doctor`](#modelcompat-doctor) | What isolation does this machine give, and what is missing? |
| [`profile`](#modelcompat-profile) | What does a runtime know, and how do I record mine? |

## Paths

`inspect`, `check` and `runtimes-for` take any number of files, folders and globs. In folders and globs they find `.h5`,
`.hdf5` and `.keras` files, files without a suffix or called `.pb` whose content is a model, and SavedModel folders,
each as one artifact. Hidden folders, virtual environments, `node_modules` and `site-packages` are not searched. HDF5
files in a folder that hold data instead of a model are skipped, with a note. The format is recognized by the content of
a file, not by its name.

## Exit codes

| code | means |
|---|---|
| 0 | all is well: it was read, it loads (`check`), it is the same (`diff`) |
| 1 | it fails or is changed (`check`), differs (`diff`), can be removed (`golden`); a target failed (`report show`) |
| 2 | something could not be read, does not exist, or was not understood; everything else is still done |

For what cannot be read, one sentence is printed on standard error, and with `--json` also an object on standard output.
On a terminal, standard error also shows a progress bar.

## modelcompat inspect

`modelcompat inspect PATH... [--json] [--all] [--suppress CODE=REASON...] [--baseline FILE] [--write-baseline FILE]`
shows what saved an artifact and what it holds. `custom` are the layers
and objects that are not part of Keras, with their module and registered name if the file has them. `--all` lists every
layer, op and finding; without it, a page ends after 4,000 lines.

!0 modelcompat inspect models/ranker-2023.keras

Of a graph, its signatures and ops are shown. Every function is searched for unsafe content, even if no signature calls
it: ops that touch files, the network or Python; Lambda bytecode at any depth; modules from outside Keras that a
Keras would import; lookup vocabularies that are files or URLs; pickles; links that lead out of the file.

!0 modelcompat inspect models/tagger

What is no whole model is read as far as it can be, and `load with` gives the code that loads it: a graph alone (a
frozen `.pb` or `.pbtxt`, the `.meta` of a TensorFlow 1 checkpoint), weights alone (`.weights.h5`, a TensorFlow
checkpoint by its folder, its prefix or any of its files), a KerasHub preset, an unzipped `.keras`. `check` judges a
graph alone by its ops, for `tf.graph_util.import_graph_def`.

!0 modelcompat inspect other/frozen.pb

Anything else is named as what it is, with what loads it: TensorFlow Lite, ONNX, TensorFlow.js, PyTorch, safetensors,
Core ML, Orbax, MLflow, Hugging Face, H2O and more.

!2 modelcompat inspect other/ranker.tflite

For a Lambda layer, the Python versions that may have written its bytecode are listed.

!0 modelcompat inspect models/vision.h5

`--json` prints one object a line: `path`, `format`, `saved_by`, `model_class`, `layers` (each with `class_name`,
`path`, `module`, `registered_name`), `objects`, `lambdas`, `ops`, `functions`, `signatures`, `compute_dtypes`,
`producer`, `min_consumer`, `tags`, `weights`, `assets`, `hazards`, `unsafe` and more. For a file that cannot be read it
has `path` and `unreadable`, the sentence.

## modelcompat check

`modelcompat check PATH... --runtime NAME [--runtime NAME] [--custom NAME...] [--unsafe] [--no-compile] [--all]
[--json | --sarif] [--fail-on-unsafe] [--suppress CODE=REASON...] [--baseline FILE] [--write-baseline FILE]` predicts
the result of loading each artifact in each runtime. A runtime is a name such as `tf2.15`, `tf2.16+keras3.15` or
`tf2.21+tf_keras`, or the path of a profile you recorded; see [profiles](profiles.md). There are three verdicts.
`loads`: it loads. `changed`: it loads, but then predicts something else, or lacks what it needs to predict. `fails`: it
does not load or cannot be called; the stage is named.

!1 modelcompat check models/vision.h5 --runtime tf2.15 --runtime tf2.21

Findings with the same cause and fix are one block, which lists them with their places; `--json` has each on its own.

`--custom` names what the loading side declares: in `custom_objects`, by importing the module that registers it, or by
loading an op library. It takes several names, so the paths go before it. `--unsafe` predicts for a load with
`safe_mode=False`, which lets Lambda bytecode run. `--no-compile` predicts for a load with `compile=False`, which loads
no optimizer, loss or metric.

!0 modelcompat check models/ranker-2023.keras --runtime tf2.21 --custom Scale

Unsafe content is listed, but does not change the verdict; with `--fail-on-unsafe` the exit code is 1. Each finding has
the code of its rule; [unsafe content](unsafe-content.md) lists them all.

!1 modelcompat check models/tagger --runtime tf2.15 --fail-on-unsafe

What you accept no longer fails, and is counted: all that a rule finds, with `--suppress CODE=REASON`, or what is in the
artifacts now, with `--write-baseline FILE` once and `--baseline FILE` from then on. A finding in another place, in an
artifact of another name, or with [other content](unsafe-content.md#accepted-findings) is not in the baseline. `inspect`
takes the same three options.

!0 modelcompat check models/tagger --runtime tf2.15 --fail-on-unsafe --suppress U201="it reads its own term list"

`--json` prints one object a line for each artifact and runtime: `path`, `runtime`, `verdict` (`loads`, `changed`,
`fails`, `unreadable`), `stage` (`open`, `config`, `build`, `weights`, `graph`, `first call`, `hang`, `crash`, or null)
and `findings`, each with `kind`, `subject`, `where`, `cause`, `fix`, `severity` (`error`, `change`, `warning`, `note`),
`stage`, `source` and more.

!1 modelcompat check models/ --runtime tf2.15 --json | jq -c '[.path, .runtime, .verdict, .stage]'

`--sarif` prints one SARIF 2.1.0 log, which code scanning shows in pull requests:

```yaml
- run: modelcompat check models/ --runtime tf2.15 --sarif > modelcompat.sarif
  continue-on-error: true
- uses: github/codeql-action/upload-sarif@v3
  with: {sarif_file: modelcompat.sarif}
```

The level is `error` for errors, `warning` for changes and unsafe content, `note` for notes. Unsafe content is reported
once for each artifact, not for each runtime, under the code of its rule; what is accepted has a suppression with the
reason.

## modelcompat runtimes-for

`modelcompat runtimes-for PATH... [--custom NAME...] [--unsafe] [--no-compile] [--json]` predicts for every TensorFlow
since 2.4 with the Keras of its time, and for the newest one also with Keras 2 (`tf_keras`). For a failure, the shortest
cause is shown; `check` lists all causes, and the fixes. On a terminal, lines are cut to its width.

!0 modelcompat runtimes-for models/vision.h5 --unsafe

## modelcompat diff

`modelcompat diff A B [--json]` compares layers, their configuration key by key, how they are wired, what `compile()`
was given, ops and their attributes, signatures, assets, and weights by name, with the greatest difference. It is the
only command that reads weights. It recognizes layers and weights that were renamed. The HDF5 library unpacks compressed
arrays in a separate process with a memory and time limit: if a file crashes this process or takes too long, `diff`
reports that the file cannot be read.

!1 modelcompat diff models/ranker-2023.keras models/ranker-2024.keras

Between two formats, only what both can hold is compared. Weights with different names are matched by their values, then
by shape and order. If some weights cannot be read and nothing else differs, the exit code is 2.

## modelcompat runtimes

To reload a model in another runtime (`pytest --modelcompat-runtime tf2.15`), and not only predict the result, that
runtime must exist: an interpreter with its TensorFlow and Keras. `modelcompat runtimes create NAME...` creates it with
uv, which `pip install "pytest-modelcompat[runtimes]"` installs; `--all` creates all runtimes that
`[tool.modelcompat.runtimes]` of the nearest `pyproject.toml` declares. The known runtimes, tf2.4 to tf2.21, need no
declaration, and have pins that work.

```text
$ modelcompat runtimes create tf2.4 tf2.15
tf2.4: 1/3 making the virtual environment with Python 3.8
tf2.4: 2/3 installing tensorflow-cpu==2.4.*, protobuf<3.21
tf2.4: 3/3 checking that TensorFlow can be imported
tf2.4   created  Python 3.8.18, TensorFlow 2.4.4, Keras 2.4.0  671.2 MB  8.9 s
tf2.15  exists   Python 3.11.7, TensorFlow 2.15.1, Keras 2.15.0  1.2 GB
```

The steps are reported on standard error. If one runtime cannot be created, the others still are; the output of the
failed step is quoted, and the exit code is 2. An interrupted creation is continued. If two processes create the same
runtime, it is created once. All names are checked before anything is created:

!2 modelcompat runtimes create tf2.51

Environments are stored in the user's cache folder, or in the folder that `MODELCOMPAT_CACHE` names. Runtimes with the
same Python and the same packages share one environment, even under other names or in other projects. Python comes from
the folder that `MODELCOMPAT_INTERPRETERS` names (with subfolders such as `3.8.18`), from pyenv, or from uv, which finds
or downloads it. A runtime with `interpreter` is an environment of your own: `create` only checks that TensorFlow can be
imported there, and installs nothing into it.

`modelcompat runtimes list [--json]` shows the declared runtimes, and all others that were created, under the
names they were created for. `--json` prints one object a line: `name`, `names`, `declared`, `unused`, `state`
(`created`, `not created`, `unfinished`, `broken: interpreter gone`, `your own`), `python`, `tensorflow`, `keras`,
`size` in bytes, `folder`.

`modelcompat runtimes remove NAME... | --all | --unused` says how much space each removal frees. A shared
environment is removed with the last of its names. `--all` removes everything that was created, in all projects.
`--unused` removes environments to which no name refers any more: after a declaration was changed or removed, or if only
another project declares them (that project can create them again). Known runtimes are never unused, because tests name
them without a declaration.

## modelcompat golden

The golden folder has a golden for each case, recorded by `pytest --modelcompat-update-golden`, and beside it the
artifacts frozen by `pytest --modelcompat-freeze LABEL`, each release with its own golden. The folder is that of
pytest's option `modelcompat_golden_dir`, or `--golden-dir DIR`.

`modelcompat golden list [NAME...] [--json]` lists them. A NAME is the name of a golden or its last part, a folder
of goldens, a test file, a test id, or a glob. Broken goldens are reported, and the exit code is then 2.

!0 modelcompat golden list

`modelcompat golden show NAME[:LABEL] [--json]` shows what a golden records. All frozen artifacts are compared
with their digests: one that is missing, altered, or a Git LFS pointer is reported, with exit code 2.

!0 modelcompat golden show test_ranker:v1.0

`--json` prints one object a line. `list` gives `name`, `folder`, `formats`, `made_by`, `size` in bytes, `frozen`, and
`problem`, which is empty for what can be read; `show` gives `name`, `label`, `folder`, `size`, `made_by`, `inputs` and
`outputs` (each with `dtype`, `shape`, `kind`, the outputs with their figures), `weights`, `formats` with how many
`layers`, `ops` and `signatures` each has, `frozen` and `problem`. Each of `frozen` has `label`, `format`, `artifact`,
`sha256`, `size` and `saved_by`, and a `problem` where there is one.

`modelcompat golden prune [--frozen] [--yes]` removes the goldens that no test claims. Without `--yes` it only lists
them. Frozen releases of their cases stay, unless `--frozen` is given.

!1 modelcompat golden prune

To find the goldens that tests claim, pytest collects the project's tests, without running them. If it cannot collect
them, nothing is removed. These goldens are never removed: those of a file with a test that uses the fixture
`model_roundtrip`, because only running it shows its goldens; those of an existing test file that was not collected;
those of builders (`--modelcompat-model`); and those of an existing model file.

`modelcompat golden thaw NAME LABEL...` removes releases of one case, with their artifacts;
`modelcompat golden thaw --label LABEL --yes` removes a release of all cases.

!0 modelcompat golden thaw test_ranker v1.0

## modelcompat matrix

`modelcompat matrix [PATH...] [--runtime NAME...] [--format FORMAT...] [--create] [--memory GB] [--markdown]
[--out FILE]` runs the model tests in every runtime that `[tool.modelcompat.runtimes]` declares, and in `local`, or in
those named with `--runtime`. One pytest runs for each, as many at once as fit into `--memory`; arguments after `--` are
passed to each of them, such as `-- -k ranker --modelcompat-timeout 60`. `--create` first creates the runtimes that do
not exist yet. It prints the same table as `report show`, and `--out` writes the report. [matrix.md](matrix.md) is the
table of the examples.

The exit code is 0 if every target passed or failed as expected, 1 if one did not, and 2 if something could not be run.

## modelcompat report

`pytest --modelcompat-report FILE` writes the result of every target, also if tests failed or the session was
interrupted. If each CI job runs one runtime, `modelcompat report merge FILE... --out FILE` merges their reports:

!0 modelcompat report merge keras3.json keras2.json --out all.json

If several files have the same target, the one whose run started last counts. A golden is stale if all files say so. If
`local` means different versions in different jobs, as in these two with Keras 3 and Keras 2, each becomes a separate
runtime.

`modelcompat report show FILE [--failed] [--json | --markdown]` prints a report as a table, and the first line of
each failure. `--failed` shows only the rows with a failure. The table is as wide as the terminal, or as `COLUMNS`, or
120 characters; runtimes that do not fit continue below.

!1 modelcompat report show all.json

A cell is `ok`; the kind of the failure; `xfail` if the target failed as expected; `error` if the test or one of its
fixtures raised an exception; `skipped`; or `-` if nothing ran. The exit code is 1 if a target failed unexpectedly, if
pytest could not collect a file, or if it stopped before all targets had run. So a CI job that merges reports and shows
them fails when it should. `--markdown` prints the table for documentation:

!1 modelcompat report show all.json --failed --markdown

The file is one JSON object: `schema` (1), `generator`, `started`, `seconds`, `project` (its folder's name), `complete`
(whether all that was asked for has run), `counts`, `runtimes` (the versions of what loaded in each), `targets`,
`problems` (`nodeid` and `headline` of what could not be collected, or killed a worker) and `stale`, the goldens that no
test claims. A target has:

- `nodeid`, `title` and `case`: the test's id, the name of the target in messages, and the name of its golden;
- `format`, `runtime` and `frozen`: `frozen` is the release's label or null; `format` is null for a call of the fixture
  that was not reached;
- `artifact`: the path of an artifact that existed before (of `model_artifact`, or frozen); false if the test saves one;
- `verdict`: `passed`; `failed`; `expected`, it failed as expected; `error`, its test or a fixture raised an exception;
  `skipped`;
- `headline`, `kinds` and `findings`: the first line of the failure text, or null; the kinds of its errors; all
  findings, notes included, as `check --json` has them;
- `drifts`: for each output `output`, `dtype`, `shape`, `max_abs`, `max_rel`, `mismatched`, `total`, `holds`;
- `golden`: `matched`, `written`, `updated`, `unchanged`, or null;
- `started`, `seconds` and `peak_memory`: when its run started; how long it took; bytes in the loader, or null.

It is strict JSON: a number that is not finite is the string `"nan"`, `"inf"` or `"-inf"`. Paths are relative to
the project. `show --json` prints the targets, one a line.

## modelcompat doctor

A test run loads artifacts in child processes, which are isolated as far as the machine can; see
[isolation](isolation.md). `modelcompat doctor [--json]` tries what this machine gives: a process confines itself as a
load does, and tries to write outside of its folder, to write too large a file, and to open a connection. It also says
whether what the tests need is there:

```text
$ modelcompat doctor
isolation
  privileges  ok       a load can gain none
  processes   ok       what a load starts ends with it, in sessions of its own too
  limits      ok       of file size, processor time and core dumps
  memory      ok       memory up to 14.7 GB
  files       ok       written only below the job's folder, by Landlock, version 4
  network     ok       none, by a filter of system calls

environment
  Python      ok       3.11.7, /srv/shop/.venv/bin/python
  TensorFlow  ok       2.21.0
  Keras       ok       3.15.1
  uv          missing  not found: it creates runtimes
                  fix  pip install "pytest-modelcompat[runtimes]"
  runtimes    ok       /home/ci/.cache/pytest-modelcompat/runtimes
  temporary   ok       /tmp, 54.2 GB free
```

The exit code is 1 if something is missing without which no model can be reloaded: TensorFlow with its Keras, or a
folder for temporary files. Missing isolation is only reported: `isolation = "required"` makes it an error of each
target that needs it. `--json` prints one object a line: `topic`, `name`, `is_ok`, `found`, `fix`, `is_needed`.

## modelcompat profile

`modelcompat profile list` lists the built-in runtimes, `modelcompat profile show NAME [--json]` shows what one of them
knows, and `modelcompat profile record --out FILE [--name NAME] [--keras tf_keras] [--import MODULE]` records the
environment it runs in, for `check --runtime FILE`; see [profiles](profiles.md).

!0 modelcompat profile show tf2.16

`modelcompat profile diff OLD NEW [--json]` says what an upgrade takes away, changes and adds, of all that a file may
name: ops with their attributes, layers and other objects with their keys and defaults, what safe mode refuses. It exits
with 1 where there is a difference.

!1 modelcompat profile diff tf2.14 tf2.15
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
        page = re.sub(r"^!(\d) (.*)$", lambda match: shown(run, match[2], int(match[1])), TEXT, flags=re.MULTILINE)
    PAGE.write_text(page.lstrip(), encoding="utf-8")


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
