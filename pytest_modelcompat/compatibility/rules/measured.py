"""What was measured of the constructs of an artifact: loads that fail, and models that predict something else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.compatibility.context import TF_KERAS
from pytest_modelcompat.profiles.facts import PAIR, load_facts
from pytest_modelcompat.profiles.store import version_key
from pytest_modelcompat.results.finding import MEASURED, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.compatibility.context import CompatibilityContext
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
_COMPILED = "compiled "
_MOST_VERSIONS = 3
_NOWHERE = ("no Keras that was tried reads it back: build the model without it, and save the model again",)
_OTHER_FORMAT, _SAVE_AS_OTHER = "keras", "save the model as .keras"
_LAYER = re.compile(r'"([^"]*)"')


def measured_findings(context: CompatibilityContext, others: Sequence[Finding]) -> Iterator[Finding]:
    """What each construct of the artifact was seen to become, in layers that no other finding explains.

    Args:
        context: the artifact and the runtime.
        others: what the rules found.
    """
    fails = _places(finding for finding in others if finding.severity is Severity.ERROR)
    changes = _places(finding for finding in others if finding.severity is Severity.CHANGE)
    for fact, uses in _measured(context):
        finding = _finding(context, fact, uses)
        explained = fails if finding.severity is Severity.ERROR else fails | changes
        left = [use for use in uses if _names(locations([use])).isdisjoint(explained)]
        if left:
            yield replace(finding, where=locations(left))


def _places(findings: Iterable[Finding]) -> set[str]:
    return {name for finding in findings for name in _names(finding.where)}


def _names(where: Iterable[str]) -> set[str]:
    """The layers that places name; a place that names none, as it is."""
    return {name for place in where for name in _LAYER.findall(place) or [place]}


def never_observed(context: CompatibilityContext) -> tuple[str, ...]:
    """The artifact's constructs that were never tried in any version; none where nothing is known of its format."""
    if context.facts is None or not context.is_keras_file:
        return ()
    return tuple(sorted(each for each in context.constructs if not context.facts.has_seen(each)))


def _measured(context: CompatibilityContext) -> Iterator[tuple[Fact, tuple[Use, ...]]]:
    if context.facts is None or context.writer == _UNKNOWN:
        return
    for fact in context.facts.about(context.constructs, _writer(context), _reader(context)):
        if (fact.outcome, fact.stage) in _OUTCOMES:
            yield fact, context.constructs[fact.construct.split(PAIR)[-1]]


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
        yield f"load it with Keras {listed(loads, _MOST_VERSIONS, 'or')}, where it was seen to come back the same"
    other = load_facts(_OTHER_FORMAT) if context.inventory.format != _OTHER_FORMAT else None
    there = fact.construct.split(PAIR)
    if other and other.observed.issuperset(there) and not list(other.about(there, fact.writer, fact.reader)):
        yield _SAVE_AS_OTHER


def _finding(context: CompatibilityContext, fact: Fact, uses: Sequence[Use]) -> Finding:
    kind, severity, stage = _OUTCOMES[fact.outcome, fact.stage]
    subject = fact.construct.partition(" ")[2]
    if severity is Severity.ERROR:
        cause = f"{context.reader_name} was seen not to read it from a file of {context.writer_name}: {fact.text}"
    else:
        cause = f"{context.reader_name} was seen to predict something else with it than {context.writer_name}"
    return Finding(
        kind,
        subject=subject,
        where=locations(uses),
        cause=cause,
        fix=tuple(_fixes(context, fact)) or _NOWHERE,
        severity=severity,
        stage=stage,
        source=MEASURED,
    )
