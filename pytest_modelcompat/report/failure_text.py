"""The failure text of a target, and the `model compatibility` section at the end of a session."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import aligned, counted, listed
from pytest_modelcompat.report.kept_folder import reproduction_lines
from pytest_modelcompat.report.layout import (
    INDENT,
    MOST_SUBJECTS,
    SUBJECT_LABELS,
    about_kinds,
    finding_block,
    heading,
    labelled,
    versions_text,
)
from pytest_modelcompat.results.finding import AS_ABOVE, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.report.user_properties import SummaryLine
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.result import Result, ResultContext

CANNOT_LOAD = "the saved model cannot be loaded again with what the test declares"
HEADLINES = {
    Kind.UNKNOWN_LAYER: CANNOT_LOAD,
    Kind.UNKNOWN_OBJECT: CANNOT_LOAD,
    Kind.UNKNOWN_OP: CANNOT_LOAD,
    Kind.CANNOT_REBUILD: "the saved model holds a class that cannot be rebuilt from its configuration",
    Kind.NOT_IMPORTABLE: "the test declares an object that a fresh process cannot import",
    Kind.PYTHON_FUNCTION: "the saved model calls a Python function that only exists in the process that saved it",
    Kind.NEW_OP: "the saved model uses an op that its golden does not have",
    Kind.NEW_LAYER: "the saved model uses a layer that its golden does not have",
}
# A subject so early in a sentence need not stand before it.
_SOON = 20
ABOUT_DECLARATIONS = {Kind.UNKNOWN_LAYER, Kind.UNKNOWN_OBJECT, Kind.UNKNOWN_OP, Kind.IMPORT_FAILED}
ABOUT_GOLDEN = {
    Kind.PREDICTIONS_DRIFTED,
    Kind.STRUCTURE_CHANGED,
    Kind.WEIGHTS_CHANGED,
    Kind.NEW_OP,
    Kind.NEW_LAYER,
}


def headline(result: Result) -> str:
    """The first line of a failure text."""
    first = result.errors[0]
    more = len(result.errors) - 1
    sentence = _predicted(result) if first.runtime else _sentence(result)
    return f"{heading(first)}  {result.title}: {sentence}" + (f" (and {more} more)" if more else "")


def short_headline(result: Result) -> str:
    """What pytest's short summary says behind a test's name: kind and subject first, as the line is cut at its end.

    `UNKNOWN LAYER Scale, Shift: the saved model cannot be loaded again …`. Subjects of the same kind stand together.
    """
    first = result.errors[0]
    sentence = (_predicted(result) if first.runtime else _sentence(result)).partition("\n")[0]
    alike = [each for each in result.errors if heading(each) == heading(first)]
    subjects = list(dict.fromkeys(each.subject for each in alike))
    # What the sentence begins with is not said twice, and a test's own name stands before it.
    is_said = bool(first.runtime) or first.subject in sentence[: len(first.subject) + _SOON]
    is_own = first.subject == result.title or result.case.endswith(first.subject)
    shown = "" if is_said or is_own else listed(subjects, MOST_SUBJECTS)
    more = len(result.errors) - (len(alike) if shown else 1)
    return f"{heading(first)}{' ' * bool(shown)}{shown}: {sentence}" + (f" (and {more} more)" if more else "")


def _sentence(result: Result) -> str:
    """What a heading says."""
    first = result.errors[0]
    if first.kind is Kind.UNSAFE_CONTENT:
        return f"not loaded, because of {first.subject}: {first.cause}"
    if _has_headline(first, is_local=result.is_local):
        return HEADLINES[first.kind]
    if first.kind not in SUBJECT_LABELS or (result.is_local and first.kind not in HEADLINES):
        return first.cause
    name = first.subject.partition("(")[0].rpartition(".")[2]
    return first.cause if name in first.cause else f"{first.subject}: {first.cause}"


def _has_headline(finding: Finding, *, is_local: bool) -> bool:
    """Whether its kind says enough. Of a load elsewhere, and of what Keras itself cannot do, it is the cause.

    A test's declarations have little to do with either; what is recorded of versions names the stage that it stops.
    """
    return is_local and finding.kind in HEADLINES and finding.stage is None


def _predicted(result: Result) -> str:
    """`it will not load in tf2.9, tf2.15: DisableCopyOnRead`, with all runtimes that the same is predicted for."""
    first = result.errors[0]
    alike = [each for each in result.errors if each.runtime and (each.stage is None) == (first.stage is None)]
    names = dict.fromkeys(each.runtime.partition(" ")[0] for each in alike)
    end = "it will load, but be changed, in" if first.stage is None else "it will not load in"
    return f"{end} {', '.join(names)}: {first.subject}"


def failure_text(result: Result, *, verbose: bool = False) -> str:
    """Everything there is to say about a failed target.

    Args:
        result: the target's result.
        verbose: whether original tracebacks and logs are shown in full.
    """
    errors = result.errors
    lines = [headline(result), *_blocks(errors, is_local=result.is_local)]
    lines.extend(["", *_facts(result)] if errors[0].kind not in _WITHOUT_FACTS else [])
    lines.extend(_block_rest(result, verbose=verbose))
    lines.extend(reproduction_lines(result.reproduction))
    return "\n".join(_without_repeated_blanks(lines))


def _blocks(errors: Sequence[Finding], *, is_local: bool) -> Iterator[str]:
    """The findings one after the other; a runtime is said once, and a cause and a fix that several share last."""
    headed = ""
    for position, finding in enumerate(errors):
        before = errors[position - 1] if position else None
        after = errors[position + 1] if position + 1 < len(errors) else None
        yield ""
        if finding.runtime and (before is None or before.runtime != finding.runtime):
            yield from labelled("predicted", f"for {finding.runtime}")
        if before is not None and (heading(before), before.runtime) != (heading(finding), finding.runtime):
            yield f"{INDENT}{heading(finding)}"
        is_headed = before is None and not finding.runtime and not _has_headline(finding, is_local=is_local)
        is_shared = after is not None and _has_one_fix(finding, after)
        has_same_cause = is_shared and after is not None and after.cause == finding.cause
        with_cause = not is_headed and not has_same_cause and finding.cause != headed
        headed = finding.cause if is_headed else headed
        shown = finding if before is None or not _repeats_fix(finding, before) else replace(finding, fix=(AS_ABOVE,))
        yield from finding_block(shown, with_cause=with_cause, with_fix=not is_shared)


def _has_one_fix(finding: Finding, after: Finding) -> bool:
    """Whether one fix below both is enough: what is predicted of a runtime needs no heading between them."""
    is_one_list = bool(finding.runtime) or after.kind is finding.kind
    return is_one_list and (after.runtime, after.fix) == (finding.runtime, finding.fix)


def _repeats_fix(finding: Finding, before: Finding) -> bool:
    """Whether a fix of several lines stands above already: one declares what several findings are about."""
    is_said = not _has_one_fix(before, finding) and before.runtime == finding.runtime
    return is_said and before.fix == finding.fix and len(finding.fix) > 1


_WITHOUT_FACTS = {
    Kind.GOLDEN_MISSING,
    Kind.GOLDEN_BROKEN,
    Kind.GOLDEN_NOT_WRITTEN,
    Kind.NO_MODEL,
    Kind.INPUTS_NEEDED,
    Kind.NO_TENSORFLOW,
    Kind.HOOK_FAILED,
    Kind.NOT_IMPORTABLE,
}


def _is_about_declarations(finding: Finding, *, is_local: bool) -> bool:
    is_recorded_here = is_local and finding.stage is not None
    return finding.kind in ABOUT_DECLARATIONS and not finding.runtime and not is_recorded_here


def about_golden(result: Result) -> bool:
    """Whether a target fails against its golden, so that the change may be accepted."""
    return bool(result.facts.golden_made_by) and any(each.kind in ABOUT_GOLDEN for each in result.errors)


def _facts(result: Result) -> Iterator[str]:
    facts = result.facts
    saved = f", saved by {versions_text(facts.saved_by)}" if facts.saved_by else ""
    yield from labelled("artifact", facts.artifact + saved)
    if facts.loaded_by:
        yield from labelled("loaded in", f"{result.runtime}: {versions_text(facts.loaded_by)}")
    if any(_is_about_declarations(finding, is_local=result.is_local) for finding in result.errors):
        yield from labelled("declared", _declared(facts))
    if facts.expected:
        yield from labelled("expected", facts.expected)
    if about_golden(result):
        yield from labelled("golden", f"{facts.golden}, made by {versions_text(facts.golden_made_by)}")
        yield from labelled("accept", facts.accept)


def _block_rest(result: Result, *, verbose: bool) -> Iterator[str]:
    quote = next((finding.quote for finding in result.errors if finding.quote), "")
    log = next((finding.log for finding in result.errors if finding.log), "")
    if quote:
        yield from labelled("it said", quote)
    yield from about_kinds(result.errors)
    if log and verbose:
        yield ""
        yield from (f"{INDENT}| {line}" for line in log.rstrip().splitlines())
    elif log:
        yield from labelled("more", "pytest -vv shows the original traceback and TensorFlow's log")


def _declared(facts: ResultContext) -> str:
    objects = ", ".join(f"{name} -> {home}" for name, home in facts.custom_objects.items()) or "none"
    return f"custom_objects: {objects}    imports: {', '.join(facts.imports) or 'none'}"


def _without_repeated_blanks(lines: Sequence[str]) -> Iterator[str]:
    previous = None
    for line in lines:
        if line or previous:
            yield line
        previous = line


def summary_lines(lines: Sequence[SummaryLine], stale: Sequence[str], verbosity: int) -> Iterator[str]:
    """The `model compatibility` section: a line for each target, what updates moved, and the counts.

    Args:
        lines: one for each target that ran.
        stale: goldens that nothing claims.
        verbosity: pytest's; below zero only what is not a plain pass is listed.
    """
    if verbosity >= 0:
        yield from aligned([(line.title, f"{_verdict(line)}{_tail(line)}") for line in lines])
    for line in lines:
        yield from (f"{line.title}: {text}" for text in line.moved)
    yield from _warnings(lines)
    for line in lines:
        if verbosity > 0:
            yield from (f"{line.title}: note: {text}" for text in line.notes)
    for name in stale:
        yield f"stale golden: {name} (no test claims it)"
    yield _counts(lines, stale)


def _warnings(lines: Sequence[SummaryLine]) -> Iterator[str]:
    """Each warning of a case once, with the first of its targets that have it."""
    for (_, text), (first, *others) in _titles_by_warning(lines).items():
        more = f" and {counted(len(others), 'more target')}" if others else ""
        yield f"{first}{more}: warning: {text}"


def _titles_by_warning(lines: Sequence[SummaryLine]) -> dict[tuple[str, str], list[str]]:
    """Each warning of a case, with the targets that have it."""
    titles: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        for text in dict.fromkeys(line.warnings):
            titles.setdefault((line.case, text), []).append(line.title)
    return titles


def _verdict(line: SummaryLine) -> str:
    return f"{line.verdict}, as expected" if line.expected else line.verdict


def _tail(line: SummaryLine) -> str:
    parts = [f"greatest drift {line.drift}"] if line.drift else []
    if line.golden:
        parts.append(f"golden {line.golden}")
    if line.frozen:
        parts.append(f"frozen as {line.frozen}")
    return f"  ({', '.join(parts)})" if parts else ""


def _counts(lines: Sequence[SummaryLine], stale: Sequence[str]) -> str:
    failed = sum(line.failed for line in lines)
    expected = sum(line.expected for line in lines)
    goldens = {line.case: line.golden for line in lines if line.golden}
    for line in lines:
        if line.golden in ("written", "updated"):
            goldens[line.case] = line.golden
    count = Counter(goldens.values())
    states = ("matched", "written", "updated", "unchanged")
    shown = [f"{count[state]} {state}" for state in states if count[state] or state in ("matched", "written")]
    failures = f"{failed} failed" + (f", {expected} failed as expected" if expected else "")
    warned = len(_titles_by_warning(lines))
    failures += f", {counted(warned, 'warning')}" if warned else ""
    frozen = sum(bool(line.frozen) for line in lines)
    kept = f"; {frozen} frozen" if frozen else ""
    return f"{counted(len(lines), 'target')}, {failures}; goldens: {', '.join(shown)}, {len(stale)} stale{kept}"
