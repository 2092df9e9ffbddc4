"""Recipe: all that the script of a folder says, as data, so that a smaller model gets the same script."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RECIPE = "reproduction.json"
SCRIPT = "reproduce.py"
INPUTS, EXPECTED, TARGETS, LAYERS = "inputs.npz", "expected.npz", "targets.npz", "layers.npz"
WEIGHTS, TRAINING = "weights.json", "training.json"
SCHEMA = 1


class RecipeError(Exception):
    """A folder is none that `--modelcompat-keep` has written; the message says what it lacks."""


@dataclass(frozen=True)
class Limit:
    """How far an output may be off, and what compares it."""

    rtol: float
    atol: float
    compare: str = ""


@dataclass(frozen=True)
class Call:
    """One call of what is loaded.

    Args:
        signature: of a SavedModel; empty for a model.
        inputs: the structure of its inputs, whose arrays are in `inputs.npz`.
        expected: the structure of its outputs by name, whose arrays are in `expected.npz`.
        order: names of a model's outputs in TensorFlow's order.
    """

    signature: str
    inputs: Mapping[str, Any]
    expected: Mapping[str, Any]
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """What a script does, and what it must fail with.

    Args:
        heading: the kind, the target and the cause, in one line.
        kind: the kind of the first failure.
        subject: what it is about.
        shows: what the script shows: `error`, `crash`, `exit`, `hang`, or of `outputs`, `structure`, `weights`,
            `training`, `twice`, `loads`, `graph`, what it compares, in this order.
        artifact: the file or folder beside the script.
        format: its format.
        keras: how Keras is imported.
        error: `type` and `message` of the exception.
        stage: how far the load came.
        calls: how what is loaded is called.
        limits: of each output.
        custom_objects: name -> `module:qualified name`.
        imports: modules that are imported first.
        op_libraries: files beside the script.
        flags: variables of the environment that say which Keras, and which kernels, TensorFlow takes.
        safe_mode: as of `load_model`.
        compile_model: likewise.
        timeout: seconds until a load is stopped.
        python: Python's version.
        requirements: what is installed, as pip spells it.
        comments: what a reader of the script must know, a line each.
    """

    heading: str
    kind: str
    subject: str
    shows: tuple[str, ...]
    artifact: str
    format: str
    keras: str = "import keras"
    error: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""
    calls: tuple[Call, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    custom_objects: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    op_libraries: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    safe_mode: bool = True
    compile_model: bool = True
    timeout: float = 300.0
    python: str = ""
    requirements: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def is_saved_model(self) -> bool:
        """Whether TensorFlow loads the artifact rather than Keras."""
        return self.format == "saved_model"


def write_recipe(recipe: Recipe, folder: Path) -> None:
    """Put a recipe into its folder.

    Args:
        recipe: what to write.
        folder: where.
    """
    text = json.dumps({"schema": SCHEMA, **asdict(recipe)}, indent=1)
    (folder / RECIPE).write_text(text + "\n", encoding="utf-8")


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a folder.

    Args:
        folder: a kept failure.

    Raises:
        RecipeError: it is none, or none that this version reads.
    """
    try:
        data = json.loads((folder / RECIPE).read_text("utf-8"))
        if data.pop("schema") != SCHEMA:
            raise RecipeError(f"{folder / RECIPE} is of another version of pytest-modelcompat")
        data["calls"] = tuple(Call(**{**each, "order": tuple(each["order"])}) for each in data["calls"])
        data["limits"] = {name: Limit(**each) for name, each in data["limits"].items()}
        for name in ("shows", "imports", "op_libraries", "requirements", "comments"):
            data[name] = tuple(data[name])
        return Recipe(**data)
    except OSError:
        raise RecipeError(f"{folder} has no {RECIPE}: give a folder that pytest --modelcompat-keep leaves") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecipeError(f"{folder / RECIPE} cannot be read: {type(error).__name__}: {error}") from None
