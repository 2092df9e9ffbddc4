"""What was measured of the constructs of an artifact: loads that fail, and models that predict something else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.artifacts.versions import TF_KERAS
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.compatibility.constructs import OWN
from pytest_modelcompat.compatibility.rules.explanations import explanation_of
from pytest_modelcompat.profiles.facts import PAIR, load_facts
from pytest_modelcompat.profiles.store import version_key
from pytest_modelcompat.results.finding import MEASURED, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.compatibility.rules.explanations import Explanation
    from pytest_modelcompat.profiles.facts import Fact

_UNKNOWN: MinorVersion = (0, 0)
_KERAS_3: MinorVersion = (3, 0)
_OUTCOMES = {
    ("fails", "load"): (Kind.CONFIG_CHANGED, Severity.ERROR, Stage.CONFIG),
    ("fails", "call"): (Kind.CONFIG_CHANGED, Severity.ERROR, Stage.FIRST_CALL),
    ("crashes", "load"): (Kind.LOADER_CRASHED, Severity.ERROR, Stage.CRASH),
    ("hangs", "load"): (Kind.NEVER_ENDS, Severity.ERROR, Stage.HANG),
    ("changed", ""): (Kind.SEMANTICS_CHANGED, Severity.CHANGE, None),
}
_WORDS = {
    "fails": "not to read it from a file of {writer}: {text}",
    "crashes": "to end the process when it reads it from a file of {writer}, with {text}",
    "hangs": "to read a file of {writer} with it without end",
    "changed": "to predict something else once it has read it from a file of {writer}",
}
# What is seen of a change where only the dtype of the outputs is another.
_OTHER_DTYPE = re.compile(r"outputs of \w+ became ")
# Rows of several numbers were tried, of which not every version makes the same, and what some do not take.
_ENCODES = re.compile(r"layer \w+\.output_mode=\w+")
# That a layer holds an object of a class: `layer TimeDistributed.layer=<BatchNormalization>`.
_HOLDS_CLASS = "=<"
_UNRECOGNIZED = re.compile("Unrecognized keyword")
_DTYPE_WORDS = "to give outputs of another dtype once it has read it from a file of {writer}"
_BESIDE = "by what was seen of the versions beside it"
_TF_KERAS = "tf_keras"
_COMPILED = "compiled "
# What every model has, and is to blame where nothing of a writer loads.
_MODEL = ("model ", "layer InputLayer")
_OF_OWN = re.compile(rf"[ =<]{re.escape(OWN)}(>|$)")
_MOST_VERSIONS = 3
_NOWHERE = ("no Keras that was tried reads it back: build the model without it, and save the model again",)
_OTHER_FORMAT, _SAVE_AS_OTHER = "keras", "save the model as .keras"
_SAY_AS_MUCH = {Severity.ERROR: (Severity.ERROR,), Severity.CHANGE: (Severity.ERROR, Severity.CHANGE)}
# How a list of places ends that does not name all of them.
_MORE = re.compile(r"and [\d,]+ more")
_LAYER = re.compile(r'"([^"]*)"')


def measured_findings(context: CompatibilityContext, others: Sequence[Finding]) -> Iterator[Finding]:
    """What each construct of the artifact was seen to become, in layers that no other finding explains.

    Args:
        context: the artifact and the runtime.
        others: what the rules found.
    """
    others_name = {severity: _NamedByOthers(others, severities) for severity, severities in _SAY_AS_MUCH.items()}
    found: dict[tuple[object, ...], Finding] = {}
    for fact, uses in _measured(context):
        finding = _finding(context, fact, uses)
        left = others_name[finding.severity].rest_of(uses, is_of_model=fact.construct.startswith(_MODEL))
        if left:
            # Two facts may have one reason.
            where = locations(left)
            found.setdefault((finding.identity, finding.cause, where), replace(finding, where=where))
    return iter(found.values())


class _NamedByOthers:
    """The layers that findings of some severities name."""

    def __init__(self, findings: Iterable[Finding], severities: Collection[Severity]) -> None:
        self._is_any = False
        self._names: set[str] = set()
        self._of_cut: set[str] = set()
        for finding in findings:
            self._is_any = self._is_any or finding.severity in severities
            if finding.severity in severities and finding.where:
                names = _names(finding.where)
                self._names |= names
                if _MORE.fullmatch(finding.where[-1]):
                    self._of_cut |= names

    def rest_of(self, uses: Sequence[Use], *, is_of_model: bool) -> list[Use]:
        """The layers and objects that are not named.

        None where a finding names some of them and counts the others, or there is any, and it is about the model as a
        whole.
        """
        if is_of_model and self._is_any:
            return []
        names = [_names(locations([use])) for use in uses]
        if any(not each.isdisjoint(self._of_cut) for each in names):
            return []
        return [use for use, each in zip(uses, names, strict=True) if each.isdisjoint(self._names)]


def _names(where: Iterable[str]) -> set[str]:
    """The layers that places name; a place that names none, as it is."""
    return {name for place in where for name in _LAYER.findall(place) or [place]}


def never_observed(context: CompatibilityContext) -> tuple[str, ...]:
    """The artifact's constructs that were never tried in any version; none where nothing is known of its format.

    Classes and functions of the user's own are not among them: nobody else can have tried them.
    """
    if context.facts is None or not context.is_keras_file:
        return ()
    of_keras = (each for each in context.constructs if not _OF_OWN.search(each))
    return tuple(sorted(each for each in of_keras if not context.facts.has_seen(each)))


def _measured(context: CompatibilityContext) -> Iterator[tuple[Fact, tuple[Use, ...]]]:
    if context.facts is None or context.writer == _UNKNOWN:
        return
    for fact in context.facts.about(context.constructs, _writer(context), _reader(context)):
        uses = context.constructs[fact.construct.split(PAIR)[-1]]
        if context.rewritten:
            uses = tuple(
                use for use in uses if not (use.path in context.rewritten and _is_of_writing(context, fact, use))
            )
        reason = explanation_of(fact)
        if reason is not None:
            uses = tuple(use for use in uses if reason.concerns(context, use))
        if fact.stage == "call" and _ENCODES.fullmatch(fact.construct):
            uses = tuple(use for use in uses if not (context.is_column(use.path) or context.is_scalar(use.path)))
        if _OTHER_DTYPE.match(fact.text):
            # Most layers after it cast what they get.
            uses = tuple(use for use in uses if context.gives_dtype(use.path))
        if uses and (fact.outcome, fact.stage) in _OUTCOMES:
            yield fact, uses


def _is_of_writing(context: CompatibilityContext, fact: Fact, use: Use) -> bool:
    """Whether a construct was not read back for the way in which its writer wrote the whole layer.

    One argument that the writer adds is enough for it, and a layer without a module is read in another way. What
    `compile()` is given was tried with each argument in turn, and each time with all the others, too. Nothing that
    Keras 3 writes is read by Keras 2, whatever its arguments are.
    """
    if (fact.outcome, fact.stage) != ("fails", "load"):
        return False
    if context.reader_major < _KERAS_3[0] <= context.writer[0]:
        return True
    is_whole = "=" not in fact.construct or fact.construct.startswith(_COMPILED) or _HOLDS_CLASS in fact.construct
    is_of_model = fact.construct.split(PAIR)[-1].startswith(_MODEL[0])
    return is_whole or is_of_model or bool(_UNRECOGNIZED.search(fact.text) or use.module)


def _writer(context: CompatibilityContext) -> str:
    return version_key(context.writer, is_tf_keras=TF_KERAS <= context.writer < _KERAS_3)


def _reader(context: CompatibilityContext) -> str:
    return version_key(context.reader, is_tf_keras=context.profile.package == "tf_keras")


def _fixes(context: CompatibilityContext, fact: Fact) -> Iterator[str]:
    """What was seen to help: without what compile() was given, another version, another format."""
    if fact.construct.startswith(_COMPILED):
        yield fixes.LOAD_UNCOMPILED
    loads = context.facts.loads_in(fact) if context.facts else []
    if loads:
        names = [each if each.startswith(_TF_KERAS) else f"Keras {each}" for each in loads]
        seen = _name(fact.elsewhere) if fact.elsewhere else "it"
        yield f"load it with {listed(names, _MOST_VERSIONS, 'or')}, where {seen} was seen to come back the same"
    other = load_facts(_OTHER_FORMAT) if context.inventory.format != _OTHER_FORMAT else None
    if other and other.loads(fact.elsewhere or fact.construct, fact.writer, fact.reader):
        yield _SAVE_AS_OTHER


def _finding(context: CompatibilityContext, fact: Fact, uses: Sequence[Use]) -> Finding:
    kind, severity, stage = _OUTCOMES[fact.outcome, fact.stage]
    words = _DTYPE_WORDS if _OTHER_DTYPE.match(fact.text) else _WORDS[fact.outcome]
    words = words.format(writer=context.writer_name, text=fact.text)
    seen = Finding(
        kind,
        subject=_name(fact.construct),
        where=locations(uses),
        cause=f"{context.reader_name} {_how_known(fact)} {words}",
        fix=tuple(_fixes(context, fact)) or _NOWHERE,
        severity=severity,
        stage=stage,
        source=MEASURED,
    )
    reason = explanation_of(fact)
    return _with_reason(context, seen, reason, is_seen=fact.is_seen) if reason else seen


def _name(construct: str) -> str:
    """A construct as it is shown: `layer Dense.units=int` without what it is to the model."""
    return construct.partition(" ")[2]


def _how_known(fact: Fact) -> str:
    if fact.elsewhere:
        return f"is expected, by what was seen of {_name(fact.elsewhere)},"
    return "was seen" if fact.is_seen else f"is expected, {_BESIDE},"


def _with_reason(context: CompatibilityContext, seen: Finding, reason: Explanation, *, is_seen: bool) -> Finding:
    """A finding with the reason of what was seen, and what helps for that reason before what was seen to help."""
    cause = reason.cause.format(reader=context.reader_name, writer=context.writer_name)
    return replace(
        seen,
        kind=reason.kind,
        subject=reason.subject,
        cause=cause if is_seen else f"{cause} (expected, {_BESIDE})",
        fix=reason.fix if seen.fix == _NOWHERE and reason.fix else tuple(dict.fromkeys((*reason.fix, *seen.fix))),
        source=reason.source,
    )
