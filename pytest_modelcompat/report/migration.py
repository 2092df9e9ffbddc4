"""Migrations as text: the plan of one artifact, what became of it, and a table of many."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted, listed
from pytest_modelcompat.report.layout import INDENT, about_kinds, labelled, versions_text
from pytest_modelcompat.results.migration import Outcome, Way
from pytest_modelcompat.results.migration_command import migrate_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.migration import Change, MigrationResult, Need, Plan, PlannedEdit, Proof

_MOST_PLACES = 6
_MOST_ARTIFACTS = 5
_WIDEST_PATH = 48
_WAYS = {
    "code": "needs your code",
    "data": "needs your data",
    "runtime": "needs a runtime that loads it",
    "impossible": "impossible",
}


def migration_page(result: MigrationResult, *, in_full: bool) -> Iterator[str]:
    """One artifact: what becomes of it, the edits, the proof, and what it still needs.

    Args:
        result: what became of it; of one that was read, or that an earlier run has done.
        in_full: whether every edit is explained, rather than named.
    """
    yield f"{result.path}: {_headline(result)}"
    yield ""
    plan = result.plan
    if plan is None:
        yield from labelled("written", str(result.written))
        yield from labelled("as it was", "neither file has changed since; --overwrite does it again")
        yield ""
        return
    yield from _facts(plan)
    if not in_full:
        named = [f"{edit.name}: {counted(len(edit.changes), 'place')}" for edit in plan.edits]
        yield from labelled("edits", "\n".join(named)) if named else ()
    for edit in plan.edits:
        yield from labelled("lost", edit.loses) if edit.loses else ()
    yield from _written(result)
    yield ""
    if in_full:
        for edit in plan.edits:
            yield from _edit(edit)
    yield from _needs(plan)
    yield from _about(plan)


def _facts(plan: Plan) -> Iterator[str]:
    if plan.saved_by:
        yield from labelled("saved by", versions_text(plan.saved_by))
    if plan.findings:
        yield from labelled("found", f"{counted(len(plan.findings), 'finding')}: {_kinds(plan.findings)}")
    if plan.way is Way.RESAVE:
        yield from labelled("through", f"{plan.through} loads it and saves it again; edits do the rest")


def _headline(result: MigrationResult) -> str:
    runtime = result.runtime
    texts = {
        Outcome.LOADS: f"loads in {runtime} already, and nothing is written",
        Outcome.PLANNED: f"planned for {runtime}; nothing is written",
        Outcome.PROVEN: f"migrated to {runtime} and proven",
        Outcome.NOT_PROVEN: f"migrated to {runtime}, without a proof",
        Outcome.UNPROVEN: f"written for {runtime} and not proven",
        Outcome.NEEDS: f"edits alone do not make it load in {runtime}",
        Outcome.IMPOSSIBLE: f"cannot be migrated to {runtime}",
        Outcome.NOT_WRITTEN: f"planned for {runtime}, and not written",
    }
    if result.is_earlier:
        return f"migrated to {runtime} and proven by an earlier run"
    return texts.get(result.outcome, result.outcome.value)


def _written(result: MigrationResult) -> Iterator[str]:
    plan = result.plan
    if result.proof is not None:
        yield from _proof(result.proof)
    if result.written is not None:
        yield from labelled("written", str(result.written))
    elif plan is not None and result.outcome is Outcome.PLANNED:
        yield from labelled("writes", str(plan.target))


def _proof(proof: Proof) -> Iterator[str]:
    if proof.problem:
        yield from labelled("unproven", proof.problem)
    if proof.old or proof.new:
        yield from labelled(
            "loaded in", f"{proof.old or 'nothing'} (the old one), {proof.new or 'nothing'} (the new one)"
        )
    if proof.inputs:
        yield from labelled("inputs", proof.inputs)
    if proof.figures:
        yield from labelled("outputs", "\n".join(f"{name}: {figure}" for name, figure in proof.figures.items()))
    for label, text in (("weights", proof.weights), ("training", proof.training), *proof.details):
        if text:
            yield from labelled(label, text)


def _edit(edit: PlannedEdit) -> Iterator[str]:
    yield f"{edit.name}: {edit.what}"
    yield ""
    places = [_place(each) for each in edit.changes]
    more = len(places) - _MOST_PLACES
    shown = [*places[:_MOST_PLACES], f"and {counted(more, 'more place')}"] if more > 0 else places
    yield from labelled("changes", "\n".join(shown))
    if edit.answers:
        yield from labelled("answers", listed(dict.fromkeys(_finding(each) for each in edit.answers), _MOST_PLACES))
    for label, text in (("because", edit.because), ("lost", edit.loses), ("source", edit.source)):
        if text and (label, text) != ("source", "measured"):
            yield from labelled(label, text)
    yield from labelled("wrong if", edit.wrong_if)
    yield ""


def _place(change: Change) -> str:
    if change.before and change.after:
        return f"{change.where}: {change.before} -> {change.after}"
    if change.before:
        return f"{change.where}: {change.before} is dropped"
    return f"{change.where}: {change.after} is added" if change.after else change.where


def _needs(plan: Plan) -> Iterator[str]:
    for need in plan.needs if plan.way is not Way.RESAVE else ():
        yield f"{_WAYS[need.way].upper()}  {_finding(need.finding)}"
        yield ""
        if need.finding.where:
            yield from labelled("where", "\n".join(need.finding.where[:_MOST_PLACES]))
        if need.finding.cause:
            yield from labelled("because", need.finding.cause)
        yield from labelled("way", need.text)
        yield from _pasted(need)
    command = _command(plan)
    if command:
        yield from labelled("then", command)
        yield ""


def _pasted(need: Need) -> Iterator[str]:
    """Code, from the first column on, as Python takes it."""
    if need.paste:
        where = "into legacy.py, and complete it:" if need.options else "into Python, in the artifact's folder:"
        yield from labelled("paste", where)
        yield ""
        yield from need.paste
    yield ""


def _command(plan: Plan) -> str:
    """The command that hands over all that is pasted, or takes another way; empty where there is neither."""
    answers = [option for need in plan.needs for option in need.options]
    return migrate_command(str(plan.path), plan.runtime, (*plan.given, *answers)) if answers else ""


def _about(plan: Plan) -> Iterator[str]:
    lines = list(about_kinds(each.finding for each in plan.needs))
    yield from [*lines, ""] if lines else []


def _finding(finding: Finding) -> str:
    return f"{finding.kind.value} {finding.subject}"


def _kinds(findings: Iterable[Finding]) -> str:
    count = Counter(each.kind.value for each in findings)
    return ", ".join(f"{number} {kind}" if number > 1 else kind for kind, number in count.items())


def provenance_lines(data: Mapping[str, Any], *, is_unchanged: bool) -> Iterator[str]:
    """Where a migrated artifact comes from, as `inspect` shows it.

    Args:
        data: what is recorded beside it.
        is_unchanged: whether it is still what was written.
    """
    names = [str(each.get("name")) for each in data.get("edits", ()) if isinstance(each, dict)]
    through = f", saved again in {data['through']}" if data.get("through") else ""
    edits = f", by {listed(names, _MOST_PLACES)}" if names else ""
    changed = "" if is_unchanged else "; it has changed since"
    source = data["source"].get("name")
    yield from labelled(
        "migrated", f"from {source} to {data.get('runtime')}, {data.get('outcome')}{through}{edits}{changed}"
    )


def migration_line(result: MigrationResult) -> str:
    """One artifact as a row: its path, what became of it, and what was written or why nothing was."""
    word = result.outcome.value
    return f"{str(result.path).ljust(_WIDEST_PATH)}  {word.ljust(_widest_outcome())}  {_told(result)}".rstrip()


def _widest_outcome() -> int:
    return max(len(each.value) for each in Outcome)


def _told(result: MigrationResult) -> str:
    if result.is_earlier:
        return f"{result.written} (an earlier run)"
    if result.written is not None:
        reason = f": {result.proof.problem}" if result.proof is not None and result.proof.problem else ""
        return f"{result.written}{reason}"
    if result.plan is not None and result.plan.needs:
        return listed(dict.fromkeys(_finding(each.finding) for each in result.plan.needs), 2)
    return ""


def migration_summary(results: Sequence[MigrationResult], *, with_needs: bool) -> Iterator[str]:
    """What became of all artifacts: how many of each outcome, and the causes of the rest with what answers them.

    Args:
        results: one for each.
        with_needs: whether what they need is said at length, which the page of each has said otherwise.
    """
    yield ""
    if with_needs:
        yield from _common_needs(results)
    count = Counter(each.outcome for each in results)
    runtimes = listed(dict.fromkeys(each.runtime for each in results))
    outcomes = ", ".join(f"{count[each]} {each.value}" for each in Outcome if count[each])
    yield f"{counted(len(results), 'artifact')} for {runtimes}: {outcomes}"


def _common_needs(results: Sequence[MigrationResult]) -> Iterator[str]:
    by_cause: dict[tuple[str, str, str], list[tuple[MigrationResult, Need]]] = defaultdict(list)
    for result in results:
        for need in result.plan.needs if result.plan is not None else ():
            by_cause[need.way, need.finding.kind.value, need.finding.subject].append((result, need))
    for (way, kind, subject), found in sorted(by_cause.items(), key=lambda each: -len(each[1])):
        paths = dict.fromkeys(str(result.path) for result, _ in found)
        first = found[0][1]
        yield f"{_WAYS[way].upper()}  {kind} {subject}: {counted(len(paths), 'artifact')}"
        yield ""
        yield from labelled("in", listed(paths, _MOST_ARTIFACTS))
        if first.finding.cause:
            yield from labelled("because", first.finding.cause)
        yield from labelled("way", first.text)
        yield from _pasted(first)
    options = dict.fromkeys(option for found in by_cause.values() for _, need in found for option in need.options)
    if options:
        yield f"{INDENT}add to the command then: {shlex.join(word for option in options for word in option if word)}"
        yield ""
