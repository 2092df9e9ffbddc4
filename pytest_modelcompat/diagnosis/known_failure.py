"""KnownFailure: one entry of the catalogue, and turning an exception that it knows into a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Template

from pytest_modelcompat.artifacts.versions import major_version, minor_version
from pytest_modelcompat.diagnosis.context import (
    DiagnosisContext,
    is_keras_class,
    locations_of_name,
    registered_module,
    role_of,
)
from pytest_modelcompat.diagnosis.messages import class_being_called, class_being_rebuilt, innermost, root_cause
from pytest_modelcompat.diagnosis.misspelt import declares_none
from pytest_modelcompat.profiles.known_names import is_keras_name
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.results.option_syntax import OptionFix, OptionSyntax

TemplateValues = Mapping[str, str]
Condition = Callable[[TemplateValues, DiagnosisContext], bool]

H5 = ("h5",)
KERAS = ("keras",)
SAVED_MODEL = ("saved_model",)
MODEL_FILES = ("h5", "keras")
UNEXPECTED_ARGUMENT = (
    r"(?:Unrecognized keyword arguments passed to (?=\w+: \{)|\b(?=\w*\.?__init__\(\)))"
    r"(?P<name>\w*?)(?:\.?__init__\(\) got an unexpected keyword argument |: \{)'(?P<argument>\w+)'"
)
MISSING_ARGUMENT = (
    r"(?:\b(?P<name>\w+)\.)?__init__\(\) missing \d+ required (?:positional|keyword-only) arguments?: "
    r"'(?P<argument>\w+)'"
)
OWNERS = {
    "keras": "keras-team",
    "keras-cv": "keras-team",
    "mlflow": "mlflow",
    "serving": "tensorflow",
    "tensorflow": "tensorflow",
    "text": "tensorflow",
    "tf-keras": "keras-team",
}


@dataclass(frozen=True)
class KnownFailure:
    """One failure that users met, in words that they understand.

    Its texts are templates: `$words` come from the pattern's groups and from `DiagnosisContext.words`; `$bare` is the
    group `name` without its package, `$outer` the class Keras was rebuilding, `$calling` the layer it was calling,
    `$exception` and `$quote` what it raised.

    Args:
        pattern: searched for in the innermost exception's message.
        kind: what it is.
        subject: the thing it is wrong with.
        cause: why, in one sentence.
        fix: lines to write or run.
        source: the thread it is known from, or `MEASURED`; empty for a text that many causes share.
        stages: the stages it can happen in; empty for any.
        formats: the formats it can happen with; empty for any.
        exceptions: the exception classes it comes as; empty for any.
        when: what else must hold.
        blame: who broke it, where that is evident.
        exact_kind: what it is called where nothing but its text is known, and no rule of the static verdict looks at
            the artifact; None for `kind`.
    """

    pattern: str
    kind: Kind
    subject: str
    cause: str
    fix: tuple[str | OptionFix, ...] = ()
    source: str = ""
    stages: tuple[str, ...] = ("load",)
    formats: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    when: Condition | None = None
    blame: Blame | None = None
    exact_kind: Kind | None = None


@dataclass(frozen=True)
class RaisedException:
    """An exception, taken apart once for all entries.

    Args:
        type: its class.
        text: the innermost exception's message.
        quote: the line of it that says what is wrong.
        outer: the class that Keras was rebuilding, empty if none.
        calling: the class of the innermost layer that Keras was calling, empty if none.
    """

    type: str
    text: str
    quote: str
    outer: str
    calling: str = ""

    @classmethod
    def of(cls, error: TemplateValues) -> RaisedException:
        """Takes the `type` and `message` of an exception apart."""
        message = error["message"]
        outer, _ = class_being_rebuilt(message)
        quote = root_cause(message, error["type"])
        return cls(error["type"], innermost(message), quote, outer, class_being_called(message))


def match_known_failure(
    entry: KnownFailure, raised: RaisedException, stage: str, context: DiagnosisContext
) -> Finding | None:
    """The finding for an exception, if it is the entry's failure.

    Args:
        entry: one of the catalogue.
        raised: the exception.
        stage: where it was raised.
        context: the artifact and the loader.
    """
    if not _applies(entry, raised.type, stage, context.format):
        return None
    match = re.search(entry.pattern, raised.text)
    if match is None:
        return None
    words = template_values(match, raised, context)
    if (entry.when is not None and not entry.when(words, context)) or _contradicts(entry, context):
        return None
    subject = Template(entry.subject).substitute(words) or context.file
    kind = entry.kind
    if kind is Kind.UNKNOWN_OBJECT and words["role"] == "layer":
        kind = Kind.UNKNOWN_LAYER
    return Finding(
        kind=kind,
        subject=subject,
        where=locations_of_name(subject, context.inventory),
        cause=Template(entry.cause).substitute(words),
        fix=tuple(_fix_line(line, context.syntax, words) for line in entry.fix),
        blame=entry.blame,
        quote=words["quote"],
        details=tuple(("see", link) for link in _links(entry.source)[:1]),
        is_specific=bool(entry.source),
    )


def _contradicts(entry: KnownFailure, context: DiagnosisContext) -> bool:
    """Whether an entry about a change between two versions would be told of one and the same version."""
    advised = {word for line in entry.fix if isinstance(line, str) for word in _words(line)}
    is_about_two = advised & {"saved", "saved_version"} or {"saved", "loaded"} <= {*advised, *_words(entry.cause)}
    return bool(is_about_two) and bool(context.saved_keras) and context.saved_keras == context.loaded_keras


def _words(template: str) -> list[str]:
    return re.findall(r"\$\{?(\w+)", template)


def _applies(entry: KnownFailure, exception: str, stage: str, format_: str) -> bool:
    return (
        (not entry.stages or stage in entry.stages)
        and (not entry.formats or format_ in entry.formats)
        and (not entry.exceptions or exception in entry.exceptions)
    )


def template_values(match: re.Match[str], raised: RaisedException, context: DiagnosisContext) -> dict[str, str]:
    """The words that an entry's templates may use, for an exception that its pattern was found in."""
    groups = {key: value or "" for key, value in match.groupdict().items()}
    name = groups.pop("name", "") or raised.outer
    return {
        **context.words(),
        **groups,
        "name": name,
        "bare": name.rpartition(">")[2].rpartition(".")[2],
        "role": role_of(name, context.inventory),
        "undeclared": declares_none(name, context.custom_objects, context.inventory),
        "declared_home": context.custom_objects.get(name, "").rpartition(".")[0],
        "home": registered_module(name, context.inventory) or "your_module",
        "outer": raised.outer,
        "calling": f"a layer of class {raised.calling}" if raised.calling else "a layer",
        "exception": raised.type,
        "quote": raised.quote,
        **_package_values(name, context),
    }


def _package_values(op: str, context: DiagnosisContext) -> dict[str, str]:
    """What there is to say of the package that an op comes with; empty words for other names."""
    package, tensorflow = context.package_of(op), context.versions.get("tensorflow", "")
    return {
        "package": package.module if package else "",
        "library": package.library_path if package else "",
        "install": package.install(tensorflow) if package else "",
        "reinstall": package.reinstall(tensorflow) if package else "",
    }


def _links(source: str) -> list[str]:
    return [
        f"https://github.com/{OWNERS[repository]}/{repository}/issues/{number}"
        for repository, number in re.findall(r"([\w-]+)#(\d+)", source)
        if repository in OWNERS
    ]


def _fix_line(line: str | OptionFix, syntax: OptionSyntax, words: TemplateValues) -> str:
    return line.line(syntax, words) if isinstance(line, OptionFix) else Template(line).substitute(words)


def both(first: Condition, second: Condition) -> Condition:
    """Holds where both hold."""
    return lambda words, context: first(words, context) and second(words, context)


def saved_by_keras(number: int) -> Condition:
    """Holds where the artifact was saved by this major version of Keras (1 and 2 count as 2)."""
    return lambda _, context: bool(context.saved_keras) and max(major_version(context.saved_keras), 2) == number


def loaded_by_keras(number: int) -> Condition:
    """Holds where this major version of Keras loads it."""
    return lambda _, context: max(major_version(context.loaded_keras), 2) == number


def is_from_keras(words: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where the class that failed is Keras' own."""
    return is_keras_class(words["bare"], context.inventory)


def has_bytecode(_: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where the artifact has Python bytecode in it."""
    return bool(context.lambda_layers)


def incompatible_bytecode(_: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where the artifact has bytecode in it that the loader's Python does not run."""
    python = minor_version(context.versions.get("python", ""))
    return any(python not in code.runs_on for use in context.inventory.lambdas for code in use.codes)


def op_of_package(words: TemplateValues, _: DiagnosisContext) -> bool:
    """Holds where the name is that of an op which importing a package registers."""
    return bool(words["package"]) and not words["library"]


def op_of_library(words: TemplateValues, _: DiagnosisContext) -> bool:
    """Holds where the name is that of an op which a library in a package's folder registers."""
    return bool(words["library"])


def op_is_declared(words: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where the loader had imported what registers the op."""
    package = context.package_of(words["name"])
    return package is not None and package.is_declared(context.declared)


def object_is_declared(words: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where the test declares the name."""
    return words["name"] in context.custom_objects


def is_operation(words: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where the name is that of an operation that Keras 3 wrote among an .h5 file's layers.

    Every layer writes `trainable`, which an operation does not have.
    """
    name = words["name"]
    uses = [use for use in context.inventory.layers if use.class_name == name]
    if not uses:
        return is_keras_name("operation", name) and not is_keras_name("layer", name)
    return all("trainable" not in use.config for use in uses)
