"""The script of a folder: plain lines that fail as the target did, with neither pytest nor this plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_modelcompat.reproduction.comparisons import (
    comparison_lines,
    same_lines,
    structure_lines,
    training_lines,
    weight_lines,
)
from pytest_modelcompat.reproduction.recipe import EXPECTED, INPUTS, SCRIPT, TARGETS
from pytest_modelcompat.reproduction.values import expression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pytest_modelcompat.reproduction.recipe import Call, Recipe

NO_FAILURE = "it does not fail in these versions"
_CHILD = ("crash", "exit")
# Where these come first, the script ends before it would predict.
_WITHOUT_OUTPUTS = ("training",)
_STANDARD = ("collections", "faulthandler", "hashlib", "json", "os", "subprocess", "sys")


def script_text(recipe: Recipe, training: Mapping[str, Any] | None = None) -> str:
    """The text of `reproduce.py`.

    Args:
        recipe: what it does.
        training: what it compares of the model's training, as `training.json` has it; None for nothing.
    """
    body = [*_body(recipe, training), f'print("{NO_FAILURE}")']
    text = "\n".join(body)
    modules = [name for name in _STANDARD if f"{name}." in text or name in ("os", "sys")]
    imports = [f"import {name}" for name in modules]
    return "\n".join([*_metadata(recipe), *_description(recipe), "", *imports, "", *body, ""])


def _metadata(recipe: Recipe) -> Iterator[str]:
    """Inline script metadata, which `uv run` reads: https://packaging.python.org/specifications/inline-script-metadata."""
    yield "# /// script"
    yield f"# requires-python = {json.dumps(f'=={recipe.python}.*')}"
    yield "# dependencies = ["
    yield from (f"#   {json.dumps(each)}," for each in recipe.requirements)
    yield "# ]"
    yield "# ///"


def _description(recipe: Recipe) -> Iterator[str]:
    heading = recipe.heading.replace("\\", "\\\\").replace('"""', "'''")
    yield f'"""{heading}'
    yield ""
    yield f"Run `uv run {SCRIPT}`, which installs the versions above, or `python {SCRIPT}` where they are installed."
    yield "It fails the same way, with exit code 1, unless the model reads what is not here: environment variables that"
    yield "are not set below, other files, the network."
    yield from (f"{line}" for line in recipe.comments)
    yield '"""'


def _body(recipe: Recipe, training: Mapping[str, Any] | None) -> Iterator[str]:
    if recipe.shows[0] in _CHILD:
        yield from _child_lines(recipe.shows[0])
    yield "os.chdir(os.path.dirname(os.path.abspath(__file__)))"
    yield from (f"os.environ[{name!r}] = {value!r}" for name, value in recipe.flags.items())
    yield "import numpy as np"
    yield "import tensorflow as tf"
    yield recipe.keras
    yield ""
    versions = '"Python", sys.version.split()[0], "TensorFlow", tf.__version__, "Keras", keras.__version__'
    yield f"print({versions}, flush=True)"
    if recipe.shows[0] == "hang":
        yield f"faulthandler.dump_traceback_later({recipe.timeout!r}, exit=True)  # where it is then, and exit code 1"
    yield from (f"tf.load_op_library({f'./{each}'!r})" for each in recipe.op_libraries)
    modules = dict.fromkeys((*recipe.imports, *(each.partition(":")[0] for each in recipe.custom_objects.values())))
    yield from (f"import {name}" for name in modules)
    yield from _load_lines(recipe)
    if recipe.stage not in ("start", "declare", "resolve", "load"):
        yield from _call_lines(recipe, training)


def _child_lines(shows: str) -> Iterator[str]:
    yield 'if sys.argv[1:] != ["child"]:  # what is loaded ends the process that loads it'
    command = 'subprocess.run([sys.executable, os.path.abspath(__file__), "child"]'
    if shows == "crash":
        yield f"    {command}, check=True)"
    else:
        yield f"    child = {command}, stdout=subprocess.PIPE, text=True)"
        yield '    print(child.stdout, end="")'
        yield f'    assert "{NO_FAILURE}" in child.stdout, f"the process ended with exit code {{child.returncode}}"'
    yield "    sys.exit()"


def _load_lines(recipe: Recipe) -> Iterator[str]:
    if recipe.is_saved_model:
        yield f"loaded = tf.saved_model.load({recipe.artifact!r})"
        return
    options = "".join(f", {each}" for each in _load_options(recipe))
    yield f"model = keras.models.load_model({recipe.artifact!r}{options})"
    if "loads" in recipe.shows:
        yield f"again = keras.models.load_model({recipe.artifact!r}{options})"


def _load_options(recipe: Recipe) -> Iterator[str]:
    objects = (f"{name!r}: {place.replace(':', '.')}" for name, place in recipe.custom_objects.items())
    if recipe.custom_objects:
        yield f"custom_objects={{{', '.join(objects)}}}"
    if not recipe.compile_model:
        yield "compile=False"
    if not recipe.safe_mode:
        yield "safe_mode=False"


def _call_lines(recipe: Recipe, training: Mapping[str, Any] | None) -> Iterator[str]:
    """What follows the load: the comparisons in the order of what is shown."""
    weights = list(weight_lines(is_saved_model=recipe.is_saved_model, artifact=recipe.artifact))
    is_first = recipe.shows[0] == "weights"
    yield from weights if is_first else ()
    if recipe.shows != ("weights",):
        yield from _prediction_lines(recipe)
    yield from weights if "weights" in recipe.shows and not is_first else ()
    if training is not None:
        if training.get("targets"):
            yield f'batch_targets = np.load("{TARGETS}")'
        yield from training_lines(training)


def _prediction_lines(recipe: Recipe) -> Iterator[str]:
    if recipe.calls:
        yield f'data = np.load("{INPUTS}")'
    if _reads_expected(recipe):
        yield f'expected = np.load("{EXPECTED}")'
    for call in recipe.calls:
        yield f"inputs = {expression(call.inputs, 'data')}"
        if recipe.shows[0] not in _WITHOUT_OUTPUTS:
            yield f"outputs = {_outputs(recipe, call)}"
        yield from _assertions(recipe, call)


def _reads_expected(recipe: Recipe) -> bool:
    """Whether arrays are compared; of a structure, those of the rows of ragged outputs."""
    outputs = [each for call in recipe.calls for each in call.expected.get("dict", {}).values()]
    is_ragged = any("row_splits" in each for each in outputs)
    return bool(outputs) and ("outputs" in recipe.shows or ("structure" in recipe.shows and is_ragged))


def _assertions(recipe: Recipe, call: Call) -> Iterator[str]:
    for shown in recipe.shows:
        if shown == "outputs":
            yield from comparison_lines(call.expected, recipe.limits)
        elif shown == "structure":
            yield from structure_lines(call.expected)
        elif shown in ("twice", "loads"):
            model = "again" if shown == "loads" else "model"
            again = _called(recipe, call).replace("model(", f"{model}(", 1)
            yield f"second = {again}"
            yield "for one, other in zip(tf.nest.flatten(outputs), tf.nest.flatten(second)):"
            yield "    np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6, err_msg='the second is another')"
        elif shown == "graph":
            yield from _graph_lines(recipe, call)


def _called(recipe: Recipe, call: Call) -> str:
    return (
        f"loaded.signatures[{call.signature!r}](**inputs)" if recipe.is_saved_model else "model(inputs, training=False)"
    )


def _outputs(recipe: Recipe, call: Call) -> str:
    """The expression of the outputs: where they are compared, a dict by the names of the expected ones."""
    called = _called(recipe, call)
    names = list(call.expected.get("dict", ()))
    if recipe.is_saved_model or not names or not {"outputs", "structure"} & set(recipe.shows):
        return called
    if "structure" in recipe.shows:
        return _named(f"getattr(model, 'output_names', None) or {list(call.order) or names!r}", called)
    order = list(call.order) or (sorted(names, key=lambda name: name.split("/")) if _is_nested(names) else names)
    if call.order or _is_nested(names) or len(names) == 1:
        return f"dict(zip({order!r}, tf.nest.flatten({called})))"
    return _named(repr(names), called)


def _named(names: str, called: str) -> str:
    """Outputs as a dict: as the model gives it, or by the names in their order."""
    return f"(lambda all: all if isinstance(all, dict) else dict(zip({names}, tf.nest.flatten(all))))({called})"


def _is_nested(names: list[str]) -> bool:
    return any("/" in name for name in names)


def _graph_lines(recipe: Recipe, call: Call) -> Iterator[str]:
    """The same signature in the graph loader, which reads what TensorFlow Serving reads."""
    yield "with tf.Graph().as_default(), tf.compat.v1.Session() as session:"
    yield f"    graph = tf.compat.v1.saved_model.load(session, ['serve'], {recipe.artifact!r})"
    yield f"    signature = graph.signature_def[{call.signature!r}]"
    yield "    feeds = {signature.inputs[name].name: value.numpy() for name, value in inputs.items()}"
    yield "    others = session.run({name: each.name for name, each in signature.outputs.items()}, feeds)"
    yield from same_lines(call.expected, recipe.limits, "others")
