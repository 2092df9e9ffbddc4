"""Finding: one problem as data, made in one place, passed along, rendered at the end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.results.layer_figure import LayerFigure

# The source of a rule or an entry that was reproduced with real models, where no public thread describes it well.
MEASURED = "measured"
# A fix that another finding of the same text has already named.
AS_ABOVE = "as above"
# The label of the detail that says why a finding is accepted.
ACCEPTED = "accepted"


class Severity(str, Enum):
    """How much a finding weighs.

    An `ERROR` fails its target. A `CHANGE` loads and then predicts something else. A `WARNING` names content to
    distrust, a `NOTE` of anything else worth knowing; neither moves a verdict.
    """

    ERROR = "error"
    CHANGE = "change"
    WARNING = "warning"
    NOTE = "note"


class Stage(str, Enum):
    """How far a load comes before a finding stops it, or how it ends there."""

    OPEN = "open"
    CONFIG = "config"
    BUILD = "build"
    WEIGHTS = "weights"
    GRAPH = "graph"
    FIRST_CALL = "first call"
    HANG = "hang"
    CRASH = "crash"


class Blame(str, Enum):
    """Who broke the promise that a saved model keeps its predictions."""

    WRITER = "writer"
    LOADER = "loader"
    MODEL = "model code"
    NUMERICS = "numerics"


class Kind(str, Enum):
    """What is wrong. The value is the heading of the failure text."""

    UNKNOWN_LAYER = "UNKNOWN LAYER"
    UNKNOWN_OBJECT = "UNKNOWN OBJECT"
    UNKNOWN_OP = "UNKNOWN OP"
    UNKNOWN_ATTRIBUTE = "UNKNOWN ATTRIBUTE"
    MISSING_ATTRIBUTE = "MISSING ATTRIBUTE"
    UNKNOWN_ARGUMENT = "UNKNOWN ARGUMENT"
    MISSING_ARGUMENT = "MISSING ARGUMENT"
    MODULE_MOVED = "MODULE MOVED"
    CONFIG_CHANGED = "CONFIG CHANGED"
    WEIGHTS_MOVED = "WEIGHTS MOVED"
    WEIGHTS_DO_NOT_FIT = "WEIGHTS DO NOT FIT"
    VOCABULARY_LOST = "VOCABULARY LOST"
    FORMAT_NOT_READ = "FORMAT NOT READ"
    GRAPH_VERSION = "GRAPH VERSION"
    NO_KERNEL = "NO KERNEL"
    PYTHON_BYTECODE = "PYTHON BYTECODE"
    COMPILE_NOT_READ = "COMPILE NOT READ"
    OPTIMIZER_NOT_READ = "OPTIMIZER NOT READ"
    SEMANTICS_CHANGED = "SEMANTICS CHANGED"
    STATE_LOST = "STATE LOST"
    NEVER_ENDS = "LOAD NEVER ENDS"
    UNSAFE_CONTENT = "UNSAFE CONTENT"
    CANNOT_REBUILD = "CANNOT REBUILD"
    LAMBDA_REFUSED = "LAMBDA REFUSED"
    SAFE_MODE_REFUSED = "SAFE MODE REFUSED"
    CLASS_NOT_SEEN = "CLASS NOT SEEN"
    PACKAGE_NEEDED = "PACKAGE NEEDED"
    PYTHON_FUNCTION = "PYTHON FUNCTION"
    IMPORT_FAILED = "IMPORT FAILED"
    NOT_IMPORTABLE = "NOT IMPORTABLE"
    BAD_OPTION = "BAD OPTION"
    NO_MODEL = "NO MODEL"
    INPUTS_NEEDED = "INPUTS NEEDED"
    FORMAT_CANNOT_HOLD = "FORMAT CANNOT HOLD"
    SAVE_FAILED = "SAVE FAILED"
    MODEL_CHANGED_BY_SAVING = "MODEL CHANGED BY SAVING"
    NOT_DETERMINISTIC = "NOT DETERMINISTIC"
    PREDICTION_FAILED = "PREDICTION FAILED"
    ARTIFACT_BROKEN = "ARTIFACT BROKEN"
    LOAD_FAILED = "LOAD FAILED"
    LOADERS_DISAGREE = "LOADERS DISAGREE"
    LOADER_CRASHED = "LOADER CRASHED"
    LOADER_EXITED = "LOADER EXITED"
    LOADER_TIMED_OUT = "LOADER TIMED OUT"
    OUT_OF_MEMORY = "OUT OF MEMORY"
    DISK_FULL = "DISK FULL"
    STOPPED_BY_ISOLATION = "STOPPED BY ISOLATION"
    ISOLATION_MISSING = "ISOLATION MISSING"
    NO_TENSORFLOW = "NO TENSORFLOW"
    HOOK_FAILED = "HOOK FAILED"
    UNKNOWN_RUNTIME = "UNKNOWN RUNTIME"
    RUNTIME_MISSING = "RUNTIME MISSING"
    RUNTIME_BROKEN = "RUNTIME BROKEN"
    INPUTS_CHANGED = "INPUTS CHANGED"
    STRUCTURE_CHANGED = "STRUCTURE CHANGED"
    PREDICTIONS_DRIFTED = "PREDICTIONS DRIFTED"
    WEIGHTS_CHANGED = "WEIGHTS CHANGED"
    TRAINING_CHANGED = "TRAINING CHANGED"
    ARGUMENT_NOT_SAVED = "ARGUMENT NOT SAVED"
    NEW_OP = "NEW OP"
    NEW_LAYER = "NEW LAYER"
    GOLDEN_MISSING = "GOLDEN MISSING"
    GOLDEN_BROKEN = "GOLDEN BROKEN"
    GOLDEN_NOT_WRITTEN = "GOLDEN NOT WRITTEN"
    GOLDEN_DEGENERATE = "GOLDEN DEGENERATE"
    UNEXPECTED_PASS = "UNEXPECTED PASS"  # noqa: S105


@dataclass(frozen=True)
class Finding:
    """One problem.

    Args:
        kind: what is wrong.
        subject: the thing it is wrong with, as its user calls it (a class, an op, an output, a file).
        where: the places it was found at, in words, one each.
        cause: why, in one sentence.
        fix: what to write or run, a line each; empty where nothing can be done.
        severity: whether it fails the target.
        blame: who broke it, where that is known.
        quote: the last line of the original exception, empty if there was none.
        details: further labelled facts, in the order to show them.
        log: what the original said at length; shown only under `-vv`.
        is_specific: whether the cause is known for certain, rather than read off a text that many causes share.
        stage: where a load fails of it, for what is predicted rather than seen; None otherwise.
        source: where the rule behind it is from (a public thread, `measured`); empty where data say it.
        runtime: the runtime it is predicted for; empty for what was seen.
        code: the code of the rule that found it, where rules have codes: those of unsafe content.
        layers: how far the output of each layer is from the expected one, in the order of their calls, where known.
    """

    kind: Kind
    subject: str
    where: tuple[str, ...] = ()
    cause: str = ""
    fix: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    blame: Blame | None = None
    quote: str = ""
    details: tuple[tuple[str, str], ...] = ()
    log: str = ""
    is_specific: bool = False
    stage: Stage | None = None
    source: str = ""
    runtime: str = ""
    code: str = ""
    layers: tuple[LayerFigure, ...] = ()

    @property
    def identity(self) -> tuple[Kind, str]:
        """What makes two findings one, whoever found them."""
        return self.kind, self.subject

    @property
    def accepted(self) -> str:
        """Why it is accepted, where somebody has said so; empty otherwise."""
        return dict(self.details).get(ACCEPTED, "")

    @property
    def word(self) -> str:
        """The one word that an exception about it has: `units` of `Dense(units=…)`, `Scale` of `shop>Scale`."""
        argument = self.subject.partition("(")[2].partition("=")[0]
        return argument or self.subject.rpartition(".")[2].rpartition(">")[2]
