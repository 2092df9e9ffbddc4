"""Whether what a case saved loads in the runtimes that its `loads_in` names; none of them is needed here."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lambdas import holds_lambda
from pytest_modelcompat.artifacts.text import near_match
from pytest_modelcompat.compatibility.advice import held_to_facts
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.fixes import (
    LEAVE_H5,
    LOAD_UNCOMPILED,
    LOAD_UNSAFE,
    SAVED_MODEL_ALONE,
    TO_THE_COMMAND,
    declare,
    declared_as,
)
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.diagnosis import unresolved
from pytest_modelcompat.diagnosis.declarations import UNCOMPILED, UNSAFE, declarations, leave_h5, saved_model_alone
from pytest_modelcompat.diagnosis.misspelt import spelt_well
from pytest_modelcompat.profiles import known_names
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.profiles.store import is_path, load_profile
from pytest_modelcompat.profiles.third_party import third_party_uses
from pytest_modelcompat.results.finding import Finding, Severity
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip.declarations import import_paths, options_with_more
from pytest_modelcompat.runtimes.names import UnknownRuntimeError, runtime_name_of
from pytest_modelcompat.settings.checks import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.subject import Subject
    from pytest_modelcompat.settings.settings import Settings

# What a user who loads by hand writes, as the option of a test.
_OPTIONS = {LOAD_UNCOMPILED: UNCOMPILED, LOAD_UNSAFE: UNSAFE}
_OR = "or, "
_PREDICTED_SEVERITIES = (Severity.ERROR, Severity.CHANGE)


def check_loads_in(settings: Settings, root: Path) -> None:
    """Looks at the runtimes that `loads_in` names before any test runs.

    Args:
        settings: a case's options.
        root: the project's folder, which paths of profiles are relative to.

    Raises:
        SettingsError: one of them is no runtime, or no file; the message names it.
    """
    for name in settings.loads_in:
        problem = _problem(name, root)
        if problem:
            raise SettingsError(f"{settings.sources.get('loads_in', 'marker')}: option 'loads_in': {problem}")


def _problem(name: str, root: Path) -> str:
    try:
        if not is_path(name):
            load_profile(name)
        elif (root / name).is_file():
            _of_file(name, root)
        else:
            return f"there is no profile {name}; {_nearest(name, root)}"
    except ProfileError as error:
        return str(error)
    return ""


def _nearest(name: str, root: Path) -> str:
    """What to do about a profile that is not there: one that is called much like it, or how to record it."""
    beside = (root / name).parent
    there = {file.name: file for file in beside.glob("*.json")} if beside.is_dir() else {}
    near = near_match((root / name).name, there)
    if near:
        return f"did you mean {str(Path(name).with_name(near))!r}?"
    return f"record one with `modelcompat profile record --out {name}`"


def predict_load(attempt: Attempt, root: Path) -> tuple[Finding, ...]:
    """A finding for each thing that will keep the artifact from loading, or from predicting the same, elsewhere.

    Args:
        attempt: the load here: what is known here and is part of no Keras is declared.
        root: the project's folder.

    Raises:
        SettingsError: a profile cannot be read.
    """
    return tuple(
        replace(finding, severity=Severity.ERROR, runtime=_runtime_text(name, profile))
        for name, profile in _profiles(attempt.case.settings, root)
        for finding in findings_for(attempt, profile)
        if finding.severity in _PREDICTED_SEVERITIES
    )


def profile_of(versions: Mapping[str, str]) -> Profile | None:
    """The recorded profile of a runtime's versions; None where there is none.

    Args:
        versions: of `tensorflow`, `keras` and `python`, as a loader reports them.
    """
    try:
        return load_profile(runtime_name_of(versions))
    except (UnknownRuntimeError, ProfileError):
        return None


def _profiles(settings: Settings, root: Path) -> Iterator[tuple[str, Profile]]:
    try:
        for name in settings.loads_in:
            yield name, _of_file(name, root) if is_path(name) else load_profile(name)
    except ProfileError as error:
        raise SettingsError(f"option 'loads_in': {error}") from None


def _of_file(name: str, root: Path) -> Profile:
    path = root / name
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ProfileError(f"the profile {name} cannot be read: {error.strerror or error}") from None
    except ProfileError as error:
        raise ProfileError(str(error).replace(str(path), name)) from None


@lru_cache(maxsize=8)
def _read(path: Path, _: int) -> Profile:
    """The profile in a file, read once for all tests that name it, and again when the file has changed."""
    return load_profile(str(path))


def findings_for(attempt: Attempt, profile: Profile, *, safe_mode: bool | None = None) -> tuple[Finding, ...]:
    """Everything that is predicted of an artifact in one runtime, with fixes for who writes tests.

    Args:
        attempt: a load, wherever that was: what was known there and is part of no Keras is declared.
        profile: what the runtime knows.
        safe_mode: whether Lambda bytecode is refused; None for as the case says.
    """
    custom = set(_declared(attempt))
    safe_mode = attempt.case.settings.safe_mode if safe_mode is None else safe_mode
    judged = check_compatibility(attempt.inventory, profile, custom=custom, safe_mode=safe_mode)
    syntax = option_syntax(attempt)
    advised = held_to_facts(judged.findings, attempt.inventory, profile, custom=custom, safe_mode=safe_mode)
    return tuple(replace(finding, fix=_for_a_test(finding, syntax, attempt.inventory)) for finding in advised)


def advised(findings: Sequence[Finding], attempt: Attempt) -> tuple[Finding, ...]:
    """Findings of a load that failed, without advice to load with a version that is known to fail as well.

    Args:
        findings: what explains it, fixes as the test's author reads them.
        attempt: the load.
    """
    profile = profile_of(attempt.loaded.versions)
    findings = [_without_keras(finding, attempt) for finding in findings]
    if profile is None:
        return tuple(findings)
    custom, safe_mode = set(_declared(attempt)), attempt.case.settings.safe_mode
    custom |= {use.name for use in third_party_uses(attempt.inventory)}
    return tuple(held_to_facts(findings, attempt.inventory, profile, custom=custom, safe_mode=safe_mode))


def _without_keras(finding: Finding, attempt: Attempt) -> Finding:
    """A finding whose advice to leave .h5 does not name .keras, where .keras refuses a lambda of the model."""
    if not (attempt.case.settings.safe_mode and holds_lambda(attempt.inventory)):
        return finding
    syntax = option_syntax(attempt)
    both, alone = (fix.line(syntax, {}) for fix in (leave_h5(), saved_model_alone("")))
    return replace(finding, fix=tuple(line.replace(both, alone) for line in finding.fix))


def holds_as_keras(attempt: Attempt) -> bool:
    """Whether a model that was saved as .h5 loads here if it is saved as .keras, as far as that can be predicted.

    Of a model with classes of the user's own it cannot: what they do when they are rebuilt nobody has recorded.
    """
    profile, inventory = profile_of(attempt.loaded.versions), attempt.inventory
    if profile is None or inventory.format != "h5" or third_party_uses(inventory):
        return False
    as_keras = replace(inventory, format="keras", path=inventory.path.with_suffix(".keras"))
    return check_compatibility(as_keras, profile).compatibility is Compatibility.LOADS


def option_syntax(attempt: Attempt) -> OptionSyntax:
    """How the options of an attempt's case are written, where it is declared."""
    return syntax_before_load(attempt.case, attempt.subject, attempt.inventory)


def syntax_before_load(case: Case, subject: Subject, inventory: Inventory) -> OptionSyntax:
    """How the options of a case are written, where it is declared.

    Args:
        case: the case.
        subject: its artifact.
        inventory: what was read of the artifact.
    """
    objects = import_paths(case.settings)
    return OptionSyntax(
        case.declared_in,
        subject.defining_modules,
        is_artifact=case.artifact is not None,
        test_module=case.test_module,
        declared={**options_with_more(case.settings), "custom_objects": spelt_well(objects, inventory)},
        keras=subject.keras,
    )


def _for_a_test(finding: Finding, syntax: OptionSyntax, inventory: Inventory) -> tuple[str, ...]:
    """A finding's fix without what only the command takes, and with options of the case where it has them."""
    if finding.fix[1:] == declare(finding.subject)[1:]:
        can_be_registered = finding.subject not in inventory.names_without_package
        return declarations({finding.subject: ""}, syntax, can_be_registered=can_be_registered)
    lines = (line for line in finding.fix if not line.startswith(TO_THE_COMMAND))
    return tuple(_as_option(line, syntax) for line in lines)


def _as_option(line: str, syntax: OptionSyntax) -> str:
    option = _OPTIONS.get(line.removeprefix(_OR))
    if option is not None:
        return f"{_OR if line.startswith(_OR) else ''}{option.line(syntax, {})}"
    if line == SAVED_MODEL_ALONE:
        return saved_model_alone("").line(syntax, {})
    declared = declared_as(line)
    if declared:
        return syntax.write("custom_objects", declared)
    lead, found, rest = line.partition(LEAVE_H5)
    return leave_h5(lead, rest).line(syntax, {}) if found and lead in ("", "or ") else line


def _runtime_text(name: str, profile: Profile) -> str:
    return f"{name} (TensorFlow {profile.tensorflow}, Keras {profile.keras})"


def _declared(attempt: Attempt) -> Iterator[str]:
    """Names of classes, functions and ops that the case declares: here they were found."""
    inventory, loaded = attempt.inventory, attempt.loaded
    yield from attempt.case.settings.custom_objects
    uses = unresolved.resolvable_uses(inventory)
    unknown = set(loaded.unknown_objects)
    for index, use in enumerate(uses):
        if index not in unknown and not known_names.is_keras_name(use.role, use.name):
            yield use.name
    if loaded.succeeded:
        # What a function looks up by name was found too.
        yield from (name for use in inventory.lambdas for code in use.codes for name in code.globals)
    for op in inventory.ops:
        if op.op not in loaded.unknown_ops and known_names.first_tensorflow_with(op.op) is None:
            yield op.op
