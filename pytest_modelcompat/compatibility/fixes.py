"""What to do about a finding: the lines that many findings share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lambdas import holds_lambda
from pytest_modelcompat.artifacts.versions import TF_KERAS, dotted
from pytest_modelcompat.results.registration import REGISTER

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# What a line begins with that tells the command `modelcompat check` something, and nobody else.
TO_THE_COMMAND = "if you do that already, add"
# What a test does by its options `formats`, `compile_model` and `safe_mode`.
LEAVE_H5 = "save the model as .keras or SavedModel"
SAVED_MODEL_ALONE = "save the model as SavedModel: .keras refuses the lambda in it"
LOAD_UNCOMPILED = "load it with load_model(path, compile=False), and compile it in code if you train it further"
COMPILE_FIX = (LOAD_UNCOMPILED, f"{TO_THE_COMMAND} --no-compile")
LOAD_UNSAFE = "if you trust the file, load it with safe_mode=False"
_PASS_TO_LOAD, _TO_LOAD_MODEL = "pass custom_objects={", "} to load_model"
_DECLARE_AS = re.compile(rf'{re.escape(_PASS_TO_LOAD)}"([^"]+)": ([\w.]+){re.escape(_TO_LOAD_MODEL)}')
DECORATOR = REGISTER.format(keras="keras")
REGISTER_FUNCTION = f"register the function, {DECORATOR}, and save the model again"
REGISTER_CLASS = f"register the class, {DECORATOR}, and save the model again"
IN_A_SCOPE = (
    "load it in a scope: "
    "with keras.utils.custom_object_scope(custom_objects): model = keras.models.load_model(path, custom_objects)"
)
RE_SAVE_AS_SAVED_MODEL = "or ship a SavedModel, which loads without Keras: model.export(path) and tf.saved_model.load"


def leave_h5(inventory: Inventory, why: str = "") -> str:
    """The formats that hold what an .h5 file does not.

    Args:
        inventory: what the .h5 file holds.
        why: the end of the line where .keras is one of them.
    """
    return SAVED_MODEL_ALONE if holds_lambda(inventory) else f"{LEAVE_H5}{why}"


def upgrade_keras(since: MinorVersion) -> str:
    """Which Keras reads an artifact that an older Keras 3 does not."""
    return f"upgrade Keras there to {dotted(since)} or newer"


def other_keras(context: CompatibilityContext) -> tuple[str, ...]:
    """How an artifact gets to a Keras that reads it."""
    if context.writer_major < context.reader_major:
        return (
            "load it with Keras 2 there: pip install tf_keras, and set TF_USE_LEGACY_KERAS=1",
            "or build the model with Keras 3 in code, and load what Keras 2 writes with model.save_weights(path)",
            RE_SAVE_AS_SAVED_MODEL,
        )
    if context.writer_major > context.reader_major:
        return (
            f"load it with {context.writer_name} or newer (TensorFlow 2.16 or newer)",
            RE_SAVE_AS_SAVED_MODEL,
        )
    if context.writer > context.reader:
        return (
            f"upgrade {_package(context)} there to {dotted(context.writer)} or newer",
            f"or save the model with {context.reader_name}",
            RE_SAVE_AS_SAVED_MODEL,
        )
    return (
        f"load it with {context.writer_name}",
        "or build the model in code, and load what that Keras writes with model.save_weights(path)",
        RE_SAVE_AS_SAVED_MODEL,
    )


def other_code(module: str) -> tuple[str, ...]:
    """How an artifact gets to code of the user's own that reads it."""
    return (
        f"deploy the version of {module} that saved the model there, before you deploy the model",
        f"or save the model with the version of {module} that is installed there",
        RE_SAVE_AS_SAVED_MODEL,
    )


def declare_as(name: str, path: str) -> tuple[str, ...]:
    """How Keras' own class or function is declared under a name that a file has for it."""
    return (f'{_PASS_TO_LOAD}"{name}": {path}{_TO_LOAD_MODEL}', f"{TO_THE_COMMAND} --custom {name}")


def declared_as(line: str) -> dict[str, str]:
    """What a line of `declare_as` declares, import paths by name; nothing for another line."""
    found = _DECLARE_AS.fullmatch(line)
    return {found[1]: found[2]} if found else {}


def _package(context: CompatibilityContext) -> str:
    """What to install another version of; each TensorFlow up to 2.15 goes with the Keras of its own version."""
    if context.writer_major == 3:
        return "Keras"
    return "TensorFlow and tf_keras" if context.writer >= TF_KERAS else "TensorFlow"


def declare(name: str, module: str = "", *, can_be_registered: bool = True) -> tuple[str, ...]:
    """How a class or function of the user's own is declared, to Keras and to `modelcompat check`.

    Args:
        name: as the artifact has it.
        module: what to import where that registers it; empty where that is not known.
        can_be_registered: whether a load finds it once it is registered.
    """
    own = name.rpartition(">")[2]
    imported = f", or import {module or 'the module that registers it'}" if can_be_registered else ""
    return (
        f'pass custom_objects={{"{own}": {own}}} to load_model{imported}',
        f"{TO_THE_COMMAND} --custom {own}",
    )
