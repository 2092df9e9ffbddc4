"""Codes of the kinds of findings: short, stable names that texts, reports and pages of the documentation share.

A code is never given to another kind; one that is not used any more stays in the list. The hundreds are: 1 a load finds
something missing or unknown, 2 an artifact, its graph or its weights are not read, 3 a model is another one or
predicts something else, 4 a golden, 5 what a test declares or gives, 6 a runtime, a process or the machine.
"""

from __future__ import annotations

from pytest_modelcompat.results.finding import Kind

# Where the pages are read: https://docs.github.com/repositories/working-with-files/using-files/viewing-a-file.
_PAGES = "https://github.com/modelcompat/pytest-modelcompat/blob/main/docs/kinds"
CODES = {
    Kind.UNKNOWN_LAYER: "MC101",
    Kind.UNKNOWN_OBJECT: "MC102",
    Kind.UNKNOWN_OP: "MC103",
    Kind.UNKNOWN_ATTRIBUTE: "MC104",
    Kind.MISSING_ATTRIBUTE: "MC105",
    Kind.UNKNOWN_ARGUMENT: "MC106",
    Kind.MISSING_ARGUMENT: "MC107",
    Kind.MODULE_MOVED: "MC108",
    Kind.CONFIG_CHANGED: "MC109",
    Kind.CANNOT_REBUILD: "MC110",
    Kind.CLASS_NOT_SEEN: "MC111",
    Kind.PACKAGE_NEEDED: "MC112",
    Kind.PYTHON_FUNCTION: "MC113",
    Kind.PYTHON_BYTECODE: "MC114",
    Kind.LAMBDA_REFUSED: "MC115",
    Kind.SAFE_MODE_REFUSED: "MC116",
    Kind.COMPILE_NOT_READ: "MC117",
    Kind.OPTIMIZER_NOT_READ: "MC118",
    Kind.FORMAT_NOT_READ: "MC201",
    Kind.GRAPH_VERSION: "MC202",
    Kind.NO_KERNEL: "MC203",
    Kind.WEIGHTS_MOVED: "MC204",
    Kind.WEIGHTS_DO_NOT_FIT: "MC205",
    Kind.ARTIFACT_BROKEN: "MC206",
    Kind.LOAD_FAILED: "MC207",
    Kind.NEVER_ENDS: "MC208",
    Kind.UNSAFE_CONTENT: "MC209",
    Kind.PREDICTIONS_DRIFTED: "MC301",
    Kind.STRUCTURE_CHANGED: "MC302",
    Kind.WEIGHTS_CHANGED: "MC303",
    Kind.TRAINING_CHANGED: "MC304",
    Kind.ARGUMENT_NOT_SAVED: "MC305",
    Kind.SEMANTICS_CHANGED: "MC306",
    Kind.STATE_LOST: "MC307",
    Kind.VOCABULARY_LOST: "MC308",
    Kind.NOT_DETERMINISTIC: "MC309",
    Kind.PREDICTION_FAILED: "MC310",
    Kind.LOADERS_DISAGREE: "MC311",
    Kind.MODEL_CHANGED_BY_SAVING: "MC312",
    Kind.GOLDEN_MISSING: "MC401",
    Kind.GOLDEN_BROKEN: "MC402",
    Kind.GOLDEN_NOT_WRITTEN: "MC403",
    Kind.GOLDEN_DEGENERATE: "MC404",
    Kind.INPUTS_CHANGED: "MC405",
    Kind.NEW_OP: "MC406",
    Kind.NEW_LAYER: "MC407",
    Kind.BAD_OPTION: "MC501",
    Kind.IMPORT_FAILED: "MC502",
    Kind.NOT_IMPORTABLE: "MC503",
    Kind.NO_MODEL: "MC504",
    Kind.INPUTS_NEEDED: "MC505",
    Kind.FORMAT_CANNOT_HOLD: "MC506",
    Kind.SAVE_FAILED: "MC507",
    Kind.HOOK_FAILED: "MC508",
    Kind.UNEXPECTED_PASS: "MC509",
    Kind.LOADER_CRASHED: "MC601",
    Kind.LOADER_EXITED: "MC602",
    Kind.LOADER_TIMED_OUT: "MC603",
    Kind.OUT_OF_MEMORY: "MC604",
    Kind.DISK_FULL: "MC605",
    Kind.STOPPED_BY_ISOLATION: "MC606",
    Kind.ISOLATION_MISSING: "MC607",
    Kind.NO_TENSORFLOW: "MC608",
    Kind.UNKNOWN_RUNTIME: "MC609",
    Kind.RUNTIME_MISSING: "MC610",
    Kind.RUNTIME_BROKEN: "MC611",
}


def page_name(kind: Kind) -> str:
    """`unknown-layer`: the name of a kind's page, and of its rule where a format wants one."""
    return kind.value.lower().replace(" ", "-")


def page_url(kind: Kind) -> str:
    """Where the page of a kind is read."""
    return f"{_PAGES}/{page_name(kind)}.md"
