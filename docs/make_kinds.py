"""Writes `kinds/`: a page for each kind of finding, with a text that a real run prints, and a page that lists them.

What a kind means is in `pytest_modelcompat/results/kind_texts.py`. The texts come from `failures.md`, which
`make_failures.py` makes; from `modelcompat check` of the artifacts that the tests judge; and from a project whose
tests fail, which this script runs. Run it with the plugin and TensorFlow installed: `python docs/make_kinds.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import CODES, page_name
from pytest_modelcompat.results.kind_texts import KIND_TEXTS, thread_url

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
PAGES = HERE / "kinds"
TEMP = "/tmp"  # noqa: S108 - a word of the pages
# A page with more findings than that shows nothing.
MOST_FINDINGS = 10
HUNDREDS = {
    "1": "A load finds something missing or unknown",
    "2": "An artifact, its graph or its weights are not read",
    "3": "A model is another one or predicts something else",
    "4": "A golden",
    "5": "What a test declares or gives",
    "6": "A runtime, a process or the machine",
}
# It needs a machine without isolation, which no test and no script makes.
WITHOUT_TEXT = frozenset({Kind.ISOLATION_MISSING})
# Where the machine gives no isolation, the text that another one printed stays.
OF_ISOLATION = frozenset({Kind.STOPPED_BY_ISOLATION})

CONFTEST = """
def pytest_modelcompat_inputs(case):
    if "hooked" in case:
        raise ValueError("no such shelf")
"""
LAYERS = """
import keras


class Scale(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0


class Counting(keras.layers.Layer):
    def build(self, shape):
        self.seen = self.add_weight(name="seen", shape=(), initializer="ones")

    def call(self, inputs):
        return inputs

    def save_own_variables(self, store):
        pass

    def load_own_variables(self, store):
        self.seen.assign(5.0)


class Open(keras.Model):
    def call(self, inputs):
        return inputs * 2.0


class Writing(keras.layers.Layer):
    def call(self, inputs):
        return inputs

    @classmethod
    def from_config(cls, config):
        with open("/dev/full", "w") as file:
            file.write("seen" * 10_000)


class Leaving(Writing):
    @classmethod
    def from_config(cls, config):
        raise SystemExit(3)


class Waiting(Writing):
    @classmethod
    def from_config(cls, config):
        import time

        time.sleep(600)


class Refusing(Writing):
    @classmethod
    def from_config(cls, config):
        raise RuntimeError("the shelf is empty")


class Unwritten(Writing):
    def get_config(self):
        raise ValueError("there is no configuration yet")
"""
HEAD = """
import keras
import numpy as np
import pytest
from layers import *

pytestmark = pytest.mark.model_roundtrip(formats=["keras"])
roundtrip = pytest.mark.model_roundtrip


def dense(units=2, inputs=3, start="ones", **options):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(units, kernel_initializer=start, **options)])
"""
# Recorded with these, and compared with what is in TESTS.
RECORDED = """
def test_scores():
    return dense()

def test_smoothed():
    return dense()

def test_edited():
    return dense()

def test_zero():
    return dense(start="zeros"), np.ones((2, 3), "float32")

def test_taken():
    return dense()

def test_asked():
    return dense(), np.ones((2, 3), "float32")

@roundtrip(custom_objects={"Scale": Scale})
def test_declared():
    return keras.Sequential([keras.Input((3,)), Scale()])
"""
# In a file without the marker of the others.
GIVEN = """
import keras
import numpy as np
import pytest


def test_local(model_roundtrip):
    class Local(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    model = keras.Sequential([keras.Input((3,)), Local()])
    model_roundtrip(model, formats=["keras"], custom_objects={"Local": Local})


@pytest.mark.model_artifact("lambda.keras", safe_mode=False)
def test_given():
    return np.ones((2, 3), "float32")


@pytest.mark.model_artifact("plain.keras", imports=["caching"])
def test_plain():
    return np.ones((2, 3), "float32")
"""
TESTS = """
def test_zero():
    return dense(start="zeros"), np.full((2, 3), 2.0, "float32")

def test_scores():
    return dense(units=3)

def test_asked():
    return dense(), np.zeros((2, 3), "float32")

def test_smoothed():
    model = dense()
    return keras.Sequential([keras.Input((3,)), *model.layers, keras.layers.ReLU(max_value=None, negative_slope=1.0)])

def test_edited():
    return dense()

def test_new():
    return dense()

@roundtrip(custom_objects={"Counting": Counting})
def test_counting():
    return keras.Sequential([keras.Input((3,)), Counting()])

@roundtrip(formats=["keras"], checks=["predictions", "training"])
def test_cosine():
    model = dense()
    model.compile("sgd", keras.losses.CosineSimilarity(axis=0))
    return model

@roundtrip(formats=["h5"], checks=["predictions", "training"])
def test_trained():
    model = dense()
    model.compile(keras.optimizers.Adam(0.01), keras.losses.MeanSquaredError())
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    return model

@roundtrip(formats=["saved_model"], saved_model_loaders=["graph"])
def test_served():
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2, use_bias=False, name="score")(inputs))

@roundtrip(rtol={"score": 0.001}, atol={"score": 0.0})
def test_tolerant():
    return dense()

@roundtrip(imports=["shop_layers"])
def test_importing():
    return dense()

def test_nothing():
    dense()

def test_open():
    return Open()

@roundtrip(custom_objects={"Unwritten": Unwritten})
def test_unwritten():
    return keras.Sequential([keras.Input((3,)), Unwritten()])

def test_hooked():
    return dense()

@roundtrip(expected_failures=[{"kind": "UNKNOWN LAYER", "reason": "not declared yet"}], custom_objects={"Scale": Scale})
def test_declared():
    return keras.Sequential([keras.Input((3,)), Scale()])

@roundtrip(custom_objects={"Leaving": Leaving})
def test_leaving():
    return keras.Sequential([keras.Input((3,)), Leaving()])

@roundtrip(custom_objects={"Waiting": Waiting}, timeout=3)
def test_waiting():
    return keras.Sequential([keras.Input((3,)), Waiting()])

@roundtrip(custom_objects={"Writing": Writing})
def test_writing():
    return keras.Sequential([keras.Input((3,)), Writing()])

@roundtrip(custom_objects={"Refusing": Refusing})
def test_refusing():
    return keras.Sequential([keras.Input((3,)), Refusing()])

@roundtrip(runtimes=["tf2.15x"])
def test_misspelt():
    return dense()

@roundtrip(runtimes=["tf2.9"])
def test_not_created():
    return dense()

@roundtrip(runtimes=["prod"])
def test_prod():
    return dense()

"""
PYPROJECT = """
[tool.modelcompat.runtimes]
prod = { interpreter = "./prod-python" }
"""
PATH_LENGTH = 64
CACHING = 'open(__file__ + ".txt", "w").write("seen")\n'
LAMBDA = """
import keras
keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2.0, name="double")]).save("lambda.keras")
keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save("plain.keras")
"""


def texts_of_runs() -> Iterator[tuple[Kind, str]]:
    """The failure texts of a project in which something is wrong in every test."""
    with tempfile.TemporaryDirectory() as folder:
        # Lines are wrapped with the project's path in them, so its length is the same wherever temporary files are.
        project = Path(folder, "shop".ljust(max(PATH_LENGTH - len(folder) - 1, len("shop")), "-"))
        project.mkdir()
        for name, content in (
            ("layers.py", LAYERS),
            ("test_given.py", GIVEN),
            ("conftest.py", CONFTEST),
            ("pyproject.toml", PYPROJECT),
            ("caching.py", CACHING),
            ("prod-python", "not a program\n"),
        ):
            (project / name).write_text(content.lstrip(), encoding="utf-8")
        (project / "prod-python").chmod(0o755)
        subprocess.run([sys.executable, "-c", LAMBDA], cwd=project, check=True, env=_environment(), capture_output=True)
        taken = project / "golden" / "test_models" / "test_taken"
        taken.parent.mkdir(parents=True)
        taken.write_text("", encoding="utf-8")
        printed = _run(project, RECORDED, "test_models.py", "--modelcompat-update-golden")
        golden = project / "golden" / "test_models" / "test_edited" / "golden.json"
        golden.write_text(golden.read_text(encoding="utf-8")[:100], encoding="utf-8")
        printed += _run(project, RECORDED[: RECORDED.index("def test_scores")] + TESTS, "-v")
        temporary = tempfile.gettempdir()
        for place, name in (str(project), "/srv/shop"), (folder, TEMP), (sys.prefix, "/opt/venv"), (temporary, TEMP):
            printed = printed.replace(place, name)
        yield from _by_kind(printed)


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    return {**own, "COLUMNS": "120", "TF_CPP_MIN_LOG_LEVEL": "3", "MODELCOMPAT_CACHE": "/srv/cache"}


def _run(project: Path, tests: str, *arguments: str) -> str:
    (project / "test_models.py").write_text(HEAD.lstrip() + "\n" + tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--color=no", "--show-capture=no", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=project, env=_environment(), check=False, capture_output=True, encoding="utf-8", errors="replace"
    )
    return done.stdout


def _by_kind(printed: str) -> Iterator[tuple[Kind, str]]:
    """Each failure text under the kinds that head it and its parts; a warning is a line alone."""
    kinds = {kind.value: kind for kind in Kind}
    for text in re.split(r"^(?:_+ .+ _+|=+ .+ =+)$", printed, flags=re.MULTILINE):
        headings = re.findall(r"^(?:  )?([A-Z]{2}[A-Z ]+[A-Z])(?: \[\w+\])?(?=$|  \S)", text, flags=re.MULTILINE)
        for heading in headings:
            if heading in kinds and text.strip().startswith(headings[0]):
                yield kinds[heading], text.strip()
    for line in printed.splitlines():
        warned = re.search(r": warning: (?:([A-Z]{2}[A-Z ]+[A-Z]): |the golden of output )", line)
        if warned is not None:
            yield kinds.get(warned[1], Kind.GOLDEN_DEGENERATE), line.strip()
        if ": note: the inputs differ from " in line:
            yield Kind.INPUTS_CHANGED, line.strip()


def texts_of_failures() -> Iterator[tuple[Kind, str]]:
    """The texts of `failures.md`."""
    for text in re.findall(r"```text\n(.*?)\n```", (HERE / "failures.md").read_text(encoding="utf-8"), re.DOTALL):
        yield from _by_kind(text)


def texts_of_checks(kinds: set[Kind]) -> Iterator[tuple[Kind, str]]:
    """What `modelcompat check` prints of an artifact that the tests judge, for kinds that nothing else has shown."""
    sys.path.insert(0, str(HERE.parent))
    from pytest_modelcompat.cli import main as modelcompat
    from tests.compatibility.verdict_artifacts import ARTIFACTS

    verdicts = json.loads((HERE.parent / "tests" / "compatibility" / "verdicts.json").read_text())["verdicts"]
    for kind in sorted(kinds, key=lambda kind: CODES[kind]):
        # What is unsafe is no verdict of a version; a file with bytecode has it.
        chosen = _example(Kind.LAMBDA_REFUSED if kind is Kind.UNSAFE_CONTENT else kind, verdicts)
        if chosen is None:
            continue
        name, runtime = chosen
        with tempfile.TemporaryDirectory() as folder:
            judged = ARTIFACTS[name]
            path = judged.build(Path(folder))
            options = ["--runtime", runtime, *(word for each in judged.custom for word in ("--custom", each))]
            options += ["--unsafe"] if judged.unsafe else []
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                modelcompat(["check", str(path), *options])
            printed = out.getvalue().replace(f"{folder}{os.sep}", "").rstrip()
        yield kind, f"$ modelcompat check {path.name} {' '.join(options)}\n{printed}"


def texts_of_explanations(kinds: set[Kind]) -> Iterator[tuple[Kind, str]]:
    """What `modelcompat explain` prints of a recorded traceback, for kinds that nothing else has shown."""
    from pytest_modelcompat.cli import main as modelcompat
    from tests.diagnosis.traceback_kinds import KINDS

    for kind in sorted(kinds, key=lambda kind: CODES[kind]):
        name = next((name for name, each in KINDS.items() if each is kind), None)
        if name is None:
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            modelcompat(["explain", str(HERE.parent / "tests" / "diagnosis" / "tracebacks" / f"{name}.txt")])
        yield kind, f"$ modelcompat explain serve.log\n{out.getvalue().rstrip()}"


def _example(kind: Kind, verdicts: dict[str, list[dict[str, str]]]) -> tuple[str, str] | None:
    """An artifact and a runtime that it is found in, where little else is."""
    found = []
    for name, lines in verdicts.items():
        for line in lines:
            if line["kind"] == kind.value:
                runtime = line["in"].split(", ")[0].partition(" .. ")[0]
                found.append((len(lines), "notes" in line, name, runtime))
    return min(found)[2:] if found and min(found)[0] <= MOST_FINDINGS else None


def page(kind: Kind, text: str) -> str:
    """A kind's page."""
    about = KIND_TEXTS[kind]
    parts = [
        f"# {kind.value} ({CODES[kind]})",
        _wrapped(about.means),
        f"## How it comes about\n\n{_wrapped(about.because)}",
        f"## What to do\n\n{_wrapped(about.fix)}",
    ]
    if text:
        parts.append(f"## What it looks like\n\n```text\n{text}\n```")
    if about.threads:
        threads = "\n".join(f"- [{_plain(title)}]({thread_url(thread)})" for thread, title in about.threads)
        parts.append(f"## Threads\n\n{threads}")
    command = f"`modelcompat explain {CODES[kind]}`"
    parts.append(f"{command} prints this without the example. [All kinds](README.md)")
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False)


def _plain(title: str) -> str:
    return title.replace("[", "\\[").replace("]", "\\]").replace("<", "&lt;").replace("_", "\\_").replace("`", "")


def shown_on(kind: Kind) -> str:
    """The text that a kind's page has already."""
    text = (PAGES / f"{page_name(kind)}.md").read_text(encoding="utf-8")
    return text.partition("```text\n")[2].partition("\n```")[0]


def index() -> str:
    """The page that lists the kinds."""
    lines = [
        "# Kinds of findings",
        "",
        "Each kind has a code that stays the same. Failure texts name it in their line `about`, JSON as `kind_code`.",
        "`modelcompat explain CODE` says what it means, and `modelcompat explain FILE` which kinds a log reports.",
    ]
    for digit, title in HUNDREDS.items():
        lines += ["", f"## {title}", "", "| code | kind | means |", "|---|---|---|"]
        for kind, code in sorted(CODES.items(), key=lambda each: each[1]):
            if code[2] == digit:
                lines.append(f"| {code} | [{kind.value}]({page_name(kind)}.md) | {KIND_TEXTS[kind].means} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make the failures and write the pages."""
    texts = dict(reversed(list(texts_of_failures())))
    for kind, text in texts_of_runs():
        texts.setdefault(kind, text)
    texts |= dict(texts_of_checks(set(Kind) - set(texts)))
    texts |= dict(texts_of_explanations(set(Kind) - set(texts)))
    texts |= {kind: shown_on(kind) for kind in OF_ISOLATION - set(texts)}
    missing = [kind.value for kind in Kind if kind not in texts and kind not in WITHOUT_TEXT]
    for kind in Kind:
        (PAGES / f"{page_name(kind)}.md").write_text(page(kind, texts.get(kind, "")), encoding="utf-8")
    (PAGES / "README.md").write_text(index(), encoding="utf-8")
    if missing:
        sys.exit(f"no text shows {', '.join(missing)}")


if __name__ == "__main__":
    main()
