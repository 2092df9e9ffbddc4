"""The ways that remain where no edit answers a finding, in one table, which `docs/migration.md` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding

CODE, DATA, RUNTIME = "code", "data", "runtime"
# Way -> what it means, in the order of the reference.
WAYS = {
    CODE: "only your code can answer it: a class, a function, or how you load the model",
    DATA: "only data can answer it that the file does not hold",
    RUNTIME: "no edit is known that keeps what the model predicts; a runtime that reads the file can save it again",
}
_SAVE_AGAIN = "no edit is known that keeps what it predicts: let a runtime that loads it save it again"
_DECLARE = "declare it where the model is loaded: --custom module:NAME, or --import the module that registers it"
_EXPORT_AGAIN = "it has no equal in the reader's TensorFlow: export the model again with that version"
_SAVED_AGAIN = (
    Kind.SEMANTICS_CHANGED,
    Kind.MISSING_ARGUMENT,
    Kind.MODULE_MOVED,
    Kind.CONFIG_CHANGED,
    Kind.NEVER_ENDS,
    Kind.LOADER_CRASHED,
    Kind.FORMAT_NOT_READ,
    Kind.WEIGHTS_MOVED,
    Kind.STATE_LOST,
    Kind.PREDICTION_FAILED,
)
_WITHOUT_EQUAL = (Kind.UNKNOWN_ATTRIBUTE, Kind.MISSING_ATTRIBUTE, Kind.GRAPH_VERSION, Kind.NO_KERNEL)
_UNCOMPILED = "load it with compile=False and compile it in code: --no-compile migrates it for that"


@dataclass(frozen=True)
class RemainingWay:
    """The way that remains for some kinds of findings.

    Args:
        kinds: of the findings.
        way: one of `WAYS`.
        text: one sentence that says what to do.
        when: of which findings of these kinds, in words; empty for all others.
        applies: whether it is one of these.
    """

    kinds: tuple[Kind, ...]
    way: str
    text: str
    when: str = ""
    applies: Callable[[Finding, Target], bool] = lambda _, __: True


def is_of_keras(finding: Finding, target: Target) -> bool:
    """Whether a finding names a class or function that the Keras that wrote the artifact has."""
    profile = target.writer_profile
    name = finding.subject.partition("(")[0]
    if profile is None or ">" in name:
        return False
    return any(name in names for names in profile.names.values())


def _holds_time_major(finding: Finding, _: Target) -> bool:
    return finding.word == "time_major"


def _of_hard_sigmoid(finding: Finding, _: Target) -> bool:
    return finding.subject == "hard_sigmoid"


# Of one kind, the first that applies.
REMAINING = (
    RemainingWay(
        (Kind.UNKNOWN_LAYER,),
        RUNTIME,
        "its class is one of Keras that the reader does not have: write it as a layer of your own, or let a runtime "
        "that loads it save it again",
        "a class of the Keras that wrote it",
        is_of_keras,
    ),
    RemainingWay((Kind.UNKNOWN_LAYER,), CODE, _DECLARE),
    RemainingWay(
        (Kind.UNKNOWN_OBJECT,),
        RUNTIME,
        "it is a name of Keras that the reader does not have: register a function or class that does the same, or let "
        "a runtime that loads it save it again",
        "a name of the Keras that wrote it",
        is_of_keras,
    ),
    RemainingWay((Kind.UNKNOWN_OBJECT,), CODE, _DECLARE),
    RemainingWay((Kind.CANNOT_REBUILD,), CODE, "give the class a from_config that takes the saved configuration"),
    RemainingWay(
        (Kind.SEMANTICS_CHANGED,),
        CODE,
        "register the function as the version that wrote it has it, and declare it: the file then names that one",
        "`hard_sigmoid`",
        _of_hard_sigmoid,
    ),
    RemainingWay(_SAVED_AGAIN, RUNTIME, _SAVE_AGAIN),
    RemainingWay(
        (Kind.LAMBDA_REFUSED,),
        CODE,
        "write its function in code, registered under a name, and declare it: the file then names it in place of the "
        "bytecode; or trust the file and load it with safe_mode=False: --unsafe",
    ),
    RemainingWay(
        (Kind.PYTHON_BYTECODE,),
        CODE,
        "write its function in code, registered under a name, and declare it: the file then names it in place of the "
        "bytecode, which is for another Python",
    ),
    RemainingWay((Kind.SAFE_MODE_REFUSED,), CODE, "if you trust the file, load it with safe_mode=False: --unsafe"),
    RemainingWay(
        (Kind.UNKNOWN_ARGUMENT,),
        CODE,
        "a layer of your own turns the time axis, registered and declared: the file then names it",
        "`time_major=True`",
        _holds_time_major,
    ),
    RemainingWay(
        (Kind.UNKNOWN_ARGUMENT,),
        CODE,
        "its value is not the default, and the reader's class cannot do it: a subclass of your own that does, "
        "registered and declared, takes its place in the file",
    ),
    RemainingWay(
        (Kind.WEIGHTS_DO_NOT_FIT,),
        CODE,
        "build the model in code, give it its weights with load_weights, and save it in a format that the reader reads",
    ),
    RemainingWay(
        (Kind.VOCABULARY_LOST,),
        DATA,
        "the file does not hold the vocabulary: give it with --vocabulary NAME=FILE, a term a line, in the order of "
        "get_vocabulary()",
    ),
    RemainingWay((Kind.COMPILE_NOT_READ, Kind.OPTIMIZER_NOT_READ), CODE, _UNCOMPILED),
    RemainingWay((Kind.PACKAGE_NEEDED,), CODE, "install the package where the model is loaded, and --import it"),
    RemainingWay(
        (Kind.UNKNOWN_OP,), CODE, "load the op library where the model is loaded, and declare the op: --custom NAME"
    ),
    RemainingWay(_WITHOUT_EQUAL, CODE, _EXPORT_AGAIN),
    RemainingWay(
        (Kind.PYTHON_FUNCTION,),
        CODE,
        "the model calls Python: write the function with TensorFlow ops, and export it again",
    ),
    RemainingWay(
        (Kind.ARTIFACT_BROKEN,), DATA, "part of the artifact is missing: copy the whole of it, or save it again"
    ),
)


def remaining_way(finding: Finding, target: Target) -> RemainingWay:
    """The way that remains for a finding.

    Args:
        finding: of the draft, after all edits.
        target: the runtime.
    """
    of_kind = (each for each in REMAINING if finding.kind in each.kinds and each.applies(finding, target))
    return next(of_kind, RemainingWay((finding.kind,), RUNTIME, _SAVE_AGAIN))
