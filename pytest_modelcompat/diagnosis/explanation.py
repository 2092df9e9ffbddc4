"""What a text from elsewhere reports, explained by the catalogue: each failure with its kind, what it names, a fix."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import Inventory
from pytest_modelcompat.diagnosis.catalogue import CATALOGUE
from pytest_modelcompat.diagnosis.catalogue.rebuild import CUSTOM_CLASS_FAILURES
from pytest_modelcompat.diagnosis.catalogue.saved_models import SAVED_MODEL_FAILURES
from pytest_modelcompat.diagnosis.context import DiagnosisContext
from pytest_modelcompat.diagnosis.endings import ending_of, exception_of_machine
from pytest_modelcompat.diagnosis.known_failure import (
    KnownFailure,
    RaisedException,
    match_known_failure,
    template_values,
)
from pytest_modelcompat.diagnosis.logged_exceptions import LoggedException, exceptions_of, lines_of, other_lines
from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.diagnosis.plain_syntax import PlainSyntax
from pytest_modelcompat.diagnosis.text_failures import TEXT_FAILURES
from pytest_modelcompat.profiles.op_packages import package_of
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.results.kind_texts import KIND_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# What a loader looks up in an artifact, and a text does not show.
_EXISTING = Path.cwd()
_FILE = re.compile(
    r"""(?:filepath=|name = '|['"\s(:])(?P<file>[^\s'"(){},;:=]+\.(?:h5|hdf5|keras))(?=['"\s,;:)]|\.(?:\s|$)|$)"""
)
_PYTHON = re.compile(r"[/\\][Pp]ython[/\\]?(3)\.?(\d+)[/\\]")
_FORMATS = {
    "keras": re.compile(r"\.keras\b|saving_lib\.py"),
    "h5": re.compile(r"\.h5\b|\.hdf5\b|hdf5_format|h5_format|h5f\.pyx|h5py"),
    "saved_model": re.compile(r"saved_model|loader_impl|servable", re.IGNORECASE),
}
_LOADING = re.compile(r"load_model|saved_model[/\\]load|loader_impl|from_config|deserialize|import_graph_def")
_PREDICTING = re.compile(r"\bpredict|call_function|_call_flat|__call__|call_tf_sessionrun")
_ABOUT_MODELS = re.compile(r"keras|tensorflow|h5py|saved_model|\.h5\b|load_model", re.IGNORECASE)
_SAYS_FAILURE = re.compile(r"error|fail|fatal|invalid argument|not found|not registered|\bE tensorflow", re.IGNORECASE)
_OWN_TEXT = re.compile(r"(?P<kind>[A-Z]{2}[A-Z ]+[A-Z])(?: \[?MC\d{3}\]?)?  \S")
# What only the artifact, or another version of Keras, would prove.
_INFERRED = frozenset({Kind.CONFIG_CHANGED, Kind.LOADER_CRASHED, Kind.WEIGHTS_MOVED, Kind.PREDICTIONS_DRIFTED})
# Their texts are also those of programs that have nothing to do with models.
_OF_ANY_PROGRAM = frozenset(entry.pattern for entry in CUSTOM_CLASS_FAILURES)
# Where nothing is known but a text, sentences about a test and a loader are wrong, and versions are not at hand.
_ELSEWHERE = (
    (re.compile(r"the test declares none"), "nothing declares it"),
    (re.compile(r"that the test does not declare"), "that nothing declares"),
    (re.compile(r"; this is CPython (?!\d)"), ""),
    (re.compile(r"\bTensorFlow (?= |,|;)"), "this TensorFlow"),
    (re.compile(r" than : "), " than this one: "),
    (re.compile(r"(?<!the )Keras that saved it"), "the Keras that saved it"),
    (re.compile(r"save it with another Keras as"), "save it with the Keras that saved it as"),
    (re.compile(r" and declare$"), " and write"),
    (re.compile(r"(?<![\w.])\.?__init__\(\)"), "a class's __init__()"),
)
# What a message quotes of a configuration, and where it says what a name stands for.
_CLASS_OF_MODULE = re.compile(r"'module': '(?P<module>[\w.]+)', 'class_name': '(?P<name>\w+)'")
_LAYER_CONFIG = re.compile(r"'(?:inbound_nodes|build_config|trainable)': ")
_ROLE = r"(?:Unknown (?P<role>[a-z]+)(?: function)?: '?|Could not locate (?P<other>function) ')(?:[\w.]+>)?{name}\b"
# Of a text that names no exception: more is a log, which is read by its lines.
_LONGEST_MESSAGE = 10_000
_MOST_NEAR, _LEAST_WORDS, _ALIKE = 3, 3, 0.5
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True)
class Explanation:
    """One failure of a text.

    Args:
        finding: what it is; its subject is the thing that the text names.
        raised: the class of the exception; empty for what native code or a shell wrote.
        lines: the numbers of the lines where the text reports it.
        is_guess: whether the cause is likely, and only the artifact or the program would prove it.
    """

    finding: Finding
    raised: str
    lines: tuple[int, ...]
    is_guess: bool = False


@dataclass(frozen=True)
class Unexplained:
    """An exception that nothing explains.

    Args:
        raised: its class.
        quote: the line of its message that says what is wrong.
        line: the number of its line.
        near: the kinds of known failures whose texts have the most words of it.
    """

    raised: str
    quote: str
    line: int
    near: tuple[Kind, ...] = ()


def explanations(log: str) -> tuple[tuple[Explanation, ...], tuple[Unexplained, ...]]:
    """The failures that a text reports, each once, and the exceptions that nothing explains.

    Args:
        log: a traceback, a message, or any log.
    """
    lines = lines_of(log)
    exceptions = exceptions_of(lines)
    found: list[Explanation] = []
    unknown: list[Unexplained] = []
    for chain in _chains(exceptions):
        explained = next(filter(None, map(_explained, reversed(chain))), None)
        if explained is not None:
            found.append(explained)
        else:
            unknown.append(_unexplained(chain[-1]))
    found += _of_other_lines(other_lines(lines, exceptions))
    if not found and not exceptions and len(log) <= _LONGEST_MESSAGE:
        whole = _explained(_as_exception(log))
        found += [whole] if whole is not None else []
    return tuple(_each_once(found)), tuple(unknown)


def _chains(exceptions: Sequence[LoggedException]) -> Iterator[list[LoggedException]]:
    """Exceptions that led to one another, together."""
    chain: list[LoggedException] = []
    for exception in exceptions:
        chain.append(exception)
        if not exception.is_handled:
            yield chain
            chain = []
    if chain:
        yield chain


def _as_exception(text: str) -> LoggedException:
    """A text that names no exception: a message alone."""
    return LoggedException("", text.strip(), "", 1)


def _explained(exception: LoggedException) -> Explanation | None:
    by_machine = exception_of_machine(exception.type, exception.message, exception.frames)
    if by_machine is not None:
        return Explanation(by_machine, exception.type, (exception.line,))
    raised = RaisedException.of({"type": exception.type, "message": exception.message})
    text = f"{exception.frames}\n{exception.message}"
    is_about_models = _ABOUT_MODELS.search(text) is not None
    entries = [entry for entry in (*TEXT_FAILURES, *CATALOGUE) if is_about_models or not _is_of_any_program(entry)]
    formats, shown = _formats(text)
    contexts = [_context(text, format_) for format_ in formats]
    for stage in _stages(text):
        for entry in entries:
            for context in contexts:
                found = _match(entry, raised, stage, context)
                if found is not None:
                    is_guess = found.kind in _INFERRED or bool(entry.formats and not shown)
                    return Explanation(found, exception.type, (exception.line,), is_guess)
    return None


def _is_of_any_program(entry: KnownFailure) -> bool:
    is_of_test = entry.exceptions == ("AssertionError",)
    return not entry.pattern or entry.pattern in _OF_ANY_PROGRAM or (bool(entry.exceptions) and not is_of_test)


def _match(entry: KnownFailure, raised: RaisedException, stage: str, context: DiagnosisContext) -> Finding | None:
    """The finding of an entry, with the kind and the subject that a text shows."""
    finding = match_known_failure(entry, raised, stage, context)
    match = re.search(entry.pattern, raised.text) if finding is not None else None
    if finding is None or match is None:
        return None
    words = template_values(match, raised, context)
    kind = entry.exact_kind or finding.kind
    role = ""
    if kind is Kind.UNKNOWN_OBJECT:
        role = _role(words["name"], raised.text)
        kind = Kind.UNKNOWN_LAYER if role == "layer" else kind
    cause = _of_elsewhere(finding.cause)
    return replace(
        finding,
        kind=kind,
        subject=_subject(kind, finding, words),
        cause=cause.replace("no class of this name", f"no {role or 'class'} of this name"),
        fix=tuple(map(_of_elsewhere, finding.fix)),
    )


def _role(name: str, text: str) -> str:
    """What a name that is not known stands for, as the message says or as the configuration in it shows."""
    found = re.search(_ROLE.format(name=re.escape(name)), text)
    if found is not None:
        return found["role"] or found["other"]
    is_layer = re.search(rf"Could not locate class '(?:[\w.]+>)?{re.escape(name)}'", text) and _LAYER_CONFIG.search(
        text
    )
    return "layer" if is_layer else ""


def _subject(kind: Kind, finding: Finding, words: Mapping[str, str]) -> str:
    if kind in (Kind.UNKNOWN_ARGUMENT, Kind.MISSING_ARGUMENT) and words.get("argument"):
        return Template("$name($argument=…)").substitute(words) if words["name"] else finding.subject
    if kind in (Kind.UNKNOWN_ATTRIBUTE, Kind.MISSING_ATTRIBUTE) and words.get("attribute"):
        return Template("$name.$attribute").substitute(words).lstrip(".")
    return finding.subject


def _of_elsewhere(text: str) -> str:
    for pattern, other in _ELSEWHERE:
        text = pattern.sub(other, text)
    return text


def _formats(text: str) -> tuple[tuple[str, ...], bool]:
    """The formats that a failure may be of, and whether the text shows them."""
    shown = tuple(name for name, pattern in _FORMATS.items() if pattern.search(text))
    return shown or tuple(_FORMATS), bool(shown)


def _stages(text: str) -> tuple[str, ...]:
    if _LOADING.search(text):
        return ("load", "predict")
    return ("predict", "load") if _PREDICTING.search(text) else ("load", "predict")


def _context(text: str, format_: str) -> DiagnosisContext:
    file = _FILE.search(text)
    python = _PYTHON.search(text)
    versions = {"python": f"{python[1]}.{python[2]}"} if python else {}
    homes = {found["name"]: f"{found['module']}.{found['name']}" for found in _CLASS_OF_MODULE.finditer(text)}
    return DiagnosisContext(
        artifact=file["file"] if file else "the model",
        format=format_,
        inventory=Inventory(_EXISTING, format_, {}),
        versions=versions,
        timeout=0.0,
        syntax=PlainSyntax(defining_modules=homes, keras="tf_keras" if "tf_keras" in text else "keras"),
        package_of=package_of,
    )


def _of_other_lines(lines: Iterator[tuple[int, str]]) -> Iterator[Explanation]:
    """What native code and a shell say without an exception of Python."""
    for number, text in lines:
        own = _OWN_TEXT.match(text)
        if own is not None and own["kind"] in _KINDS:
            yield Explanation(_own_finding(_KINDS[own["kind"]], text), "", (number,))
            continue
        ended = ending_of(text)
        if ended is not None:
            yield Explanation(ended, "", (number,), is_guess=True)
        elif _SAYS_FAILURE.search(text):
            explained = _of_native_code(text, number)
            if explained is not None:
                yield explained


def _own_finding(kind: Kind, text: str) -> Finding:
    """For the first line of a failure text of this program's own, which says more below it."""
    about = KIND_TEXTS[kind]
    return Finding(kind, text.partition("  ")[2].partition(": ")[0], cause=about.means, fix=(about.fix,))


def _of_native_code(text: str, number: int) -> Explanation | None:
    raised = RaisedException("", text, root_cause(text), "")
    entries = [entry for entry in SAVED_MODEL_FAILURES if entry.source and re.search(entry.pattern, text)]
    for entry in entries:
        for stage in ("load", "predict"):
            found = _match(entry, raised, stage, _context(text, "saved_model"))
            if found is not None:
                return Explanation(found, "", (number,))
    return None


def _each_once(found: Sequence[Explanation]) -> Iterator[Explanation]:
    """Failures of one kind with one subject together, in the order of the first of each."""
    together: dict[tuple[Kind, str], list[Explanation]] = {}
    for each in sorted(found, key=lambda each: each.lines):
        together.setdefault(each.finding.identity, []).append(each)
    for alike in together.values():
        best = next((each for each in alike if each.raised), alike[0])
        yield replace(best, lines=tuple(dict.fromkeys(line for each in alike for line in each.lines)))


def _unexplained(exception: LoggedException) -> Unexplained:
    quote = root_cause(exception.message, exception.type)
    return Unexplained(exception.type, quote, exception.line, near_kinds(exception.message))


def near_kinds(text: str) -> tuple[Kind, ...]:
    """The kinds of the known failures whose texts share the most words with a text, at most three."""
    words = {word.lower() for word in re.findall(r"[A-Za-z]{4,}", text[:4000])}
    scores: dict[Kind, float] = {}
    for entry in (*TEXT_FAILURES, *CATALOGUE):
        known = {word.lower() for word in re.findall(r"[A-Za-z]{4,}", re.sub(r"\?P<\w+>|\\\w", " ", entry.pattern))}
        common = len(words & known)
        if known and common >= min(_LEAST_WORDS, len(known)):
            kind = entry.exact_kind or entry.kind
            scores[kind] = max(scores.get(kind, 0.0), common / len(known))
    ranked = sorted((kind for kind in scores if scores[kind] >= _ALIKE), key=scores.__getitem__, reverse=True)
    return tuple(ranked[:_MOST_NEAR])
