"""The rules that both of our SARIF logs refer to: one for each kind of finding, one for each code of unsafe content."""

from __future__ import annotations

import re
from typing import Any

from pytest_modelcompat.compatibility.unsafe.rules import RULES
from pytest_modelcompat.results.finding import Kind, Severity
from pytest_modelcompat.results.kind_codes import page_name, page_url

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Severity.ERROR: "error",
    Severity.CHANGE: "warning",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
# What a rule is about, in a sentence.
ABOUT = {
    Kind.UNKNOWN_LAYER: "The model names a layer that the runtime does not have.",
    Kind.UNKNOWN_OBJECT: "The model names an activation, loss or other object that the runtime does not have.",
    Kind.UNKNOWN_OP: "The graph uses an op that the runtime's TensorFlow has not registered.",
    Kind.UNKNOWN_ATTRIBUTE: "The graph gives an op an attribute that the runtime's TensorFlow does not know.",
    Kind.MISSING_ATTRIBUTE: "The graph does not give an op an attribute that the runtime's TensorFlow requires.",
    Kind.UNKNOWN_ARGUMENT: "The saved configuration holds an argument that the runtime's class does not take.",
    Kind.MISSING_ARGUMENT: "The saved configuration lacks an argument that the runtime's class requires.",
    Kind.MODULE_MOVED: "The model names a module that the runtime's Keras does not have.",
    Kind.CONFIG_CHANGED: "The saved configuration has a shape that the runtime's Keras does not understand.",
    Kind.WEIGHTS_MOVED: "The weights are laid out in a way that the runtime's Keras does not find them.",
    Kind.WEIGHTS_DO_NOT_FIT: "The weights in the file are not those that its configuration asks for.",
    Kind.VOCABULARY_LOST: "The file does not hold a lookup layer's vocabulary.",
    Kind.FORMAT_NOT_READ: "The runtime does not read this format.",
    Kind.GRAPH_VERSION: "The graph is of a version that the runtime's TensorFlow does not read.",
    Kind.NO_KERNEL: "The runtime's TensorFlow cannot execute an op of the graph.",
    Kind.PYTHON_BYTECODE: "The model holds Python bytecode of another Python version than the runtime's.",
    Kind.PYTHON_FUNCTION: "The graph calls a Python function that only existed where it was saved.",
    Kind.LAMBDA_REFUSED: "The model holds Python bytecode, which the runtime's Keras refuses to run.",
    Kind.SAFE_MODE_REFUSED: "The model names a file or code outside it, which the runtime's Keras refuses to load.",
    Kind.CLASS_NOT_SEEN: "Whether a declared class takes its saved configuration cannot be seen in the file.",
    Kind.PACKAGE_NEEDED: "Keras imports a package that must be installed in the runtime.",
    Kind.COMPILE_NOT_READ: "What compile() was given cannot be restored in the runtime.",
    Kind.OPTIMIZER_NOT_READ: "The optimizer cannot be restored in the runtime.",
    Kind.SEMANTICS_CHANGED: "The runtime computes something else under the same name.",
    Kind.STATE_LOST: "State of the model is not restored.",
    Kind.NEVER_ENDS: "Loading the model never ends in the runtime.",
    Kind.UNSAFE_CONTENT: "The artifact holds content that can harm whoever loads or calls it.",
    Kind.ARTIFACT_BROKEN: "The artifact cannot be read.",
    Kind.CANNOT_REBUILD: "The model holds an object of a class that cannot be made again from its configuration.",
    Kind.IMPORT_FAILED: "A module that the test declares cannot be imported where the model is loaded.",
    Kind.NOT_IMPORTABLE: "The test declares an object that a fresh process cannot import.",
    Kind.BAD_OPTION: "An option of the test has a value that it does not take.",
    Kind.NO_MODEL: "The test does not return a model.",
    Kind.INPUTS_NEEDED: "No inputs can be derived for the model, and the test gives none.",
    Kind.FORMAT_CANNOT_HOLD: "The format cannot hold a model of this kind.",
    Kind.SAVE_FAILED: "The model cannot be saved in the format.",
    Kind.MODEL_CHANGED_BY_SAVING: "Saving the model changes it.",
    Kind.NOT_DETERMINISTIC: "The model gives different outputs for the same inputs.",
    Kind.PREDICTION_FAILED: "The loaded model cannot be called with the inputs of the test.",
    Kind.LOAD_FAILED: "The saved model cannot be loaded, for a reason that is not known.",
    Kind.LOADERS_DISAGREE: "Two ways to load the SavedModel do not agree.",
    Kind.LOADER_CRASHED: "The process that loads the model is killed.",
    Kind.LOADER_EXITED: "The process that loads the model ends itself.",
    Kind.LOADER_TIMED_OUT: "The model is not loaded and called within the time limit.",
    Kind.OUT_OF_MEMORY: "The model needs more memory than there is.",
    Kind.DISK_FULL: "The disk has no space left for the model.",
    Kind.STOPPED_BY_ISOLATION: "The model does something that the isolation of its process does not allow.",
    Kind.ISOLATION_MISSING: "This machine cannot isolate the process that loads the model.",
    Kind.NO_TENSORFLOW: "TensorFlow cannot be imported.",
    Kind.HOOK_FAILED: "A hook of the project raises an exception.",
    Kind.UNKNOWN_RUNTIME: "The name of a runtime means nothing.",
    Kind.RUNTIME_MISSING: "A runtime has not been created on this machine.",
    Kind.RUNTIME_BROKEN: "A runtime cannot load models.",
    Kind.INPUTS_CHANGED: "The inputs of the test are not those of its golden.",
    Kind.STRUCTURE_CHANGED: "The model has other outputs, layers or ops than expected.",
    Kind.PREDICTIONS_DRIFTED: "The predictions are not those that are expected.",
    Kind.WEIGHTS_CHANGED: "The weights are not those that were saved.",
    Kind.TRAINING_CHANGED: "The loaded model does not train as the saved one does.",
    Kind.ARGUMENT_NOT_SAVED: "A constructor's argument is in no configuration, so the loaded object has the default.",
    Kind.NEW_OP: "The saved model uses an op that its golden does not have.",
    Kind.NEW_LAYER: "The saved model uses a layer that its golden does not have.",
    Kind.GOLDEN_MISSING: "There is no golden to compare the model with.",
    Kind.GOLDEN_BROKEN: "The golden cannot be read.",
    Kind.GOLDEN_NOT_WRITTEN: "The golden cannot be written.",
    Kind.GOLDEN_DEGENERATE: "The golden proves nothing: its outputs are all the same, or not finite.",
    Kind.UNEXPECTED_PASS: "A target that is expected to fail passes.",
}
# How grave code scanning shows a rule, of 10.
_SCORES = {"high": "8.0", "medium": "5.0", "low": "2.0"}


def rule_id(kind: Kind, code: str = "") -> str:
    """`unknown-layer`; the code of the rule where it has one: `U202`."""
    return code or page_name(kind)


def rule(kind: Kind, code: str = "") -> dict[str, Any]:
    """The rule of a kind, as a `reportingDescriptor`.

    Args:
        kind: of findings.
        code: of the rule that found them, where rules have codes.
    """
    about = ABOUT[kind]
    known = RULES.get(code)
    name = known.title if known is not None else kind.value
    return {
        "id": rule_id(kind, code),
        "name": "".join(word.capitalize() for word in re.findall(r"\w+", name)),
        "shortDescription": {"text": f"{about} This rule finds {known.title}." if known is not None else about},
        "fullDescription": {"text": f"{about} It acts {known.acts.value}." if known is not None else about},
        "help": {"text": f"{about} Each result names the object, its place in the model, and the fix."},
        "helpUri": page_url(kind),
        "defaultConfiguration": {"level": "warning" if kind is Kind.UNSAFE_CONTENT else "error"},
        **({"properties": {"tags": ["security"], "security-severity": _SCORES[known.severity]}} if known else {}),
    }
