"""Unsafe content, judged before an artifact is loaded: what others saved is not loaded with what can act here.

A model that the test itself builds has run its code in pytest's own process already, and a frozen release has the
bytes that this project froze: of these a warning is enough.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.modules import PACKAGES_OF_TENSORFLOW, is_third_party_module
from pytest_modelcompat.artifacts.text import did_you_mean, listed, near_match
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.compatibility.rules.lambdas import is_refused
from pytest_modelcompat.compatibility.unsafe import unsafe_content
from pytest_modelcompat.compatibility.unsafe.content import ContentDigests
from pytest_modelcompat.compatibility.unsafe.rules import (
    CALLED_MODULE,
    MODULE,
    RULES,
    TRUSTED_FIX,
    Acts,
    is_named,
    name_of,
)
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.roundtrip.declarations import import_paths
from pytest_modelcompat.roundtrip.static_check import profile_of, syntax_before_load
from pytest_modelcompat.roundtrip.stop import TargetStoppedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.compatibility.unsafe.acceptance import Acceptance
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext
    from pytest_modelcompat.roundtrip.subject import Subject

_IN_ONE_TEST = (OptionPlace.MARKER, OptionPlace.CALL)
_OF_EVERYBODY = sys.stdlib_module_names | PACKAGES_OF_TENSORFLOW
_BY_SAFE_MODE = "safe_mode=False"


@dataclass(frozen=True)
class Judgement:
    """What was judged of an artifact that may be loaded.

    Args:
        notes: what is to be said of its unsafe content.
        is_trusted: whether the test itself saved it, or it is allowed by name that content of it acts on this machine;
            bytecode alone does not.
    """

    notes: tuple[Finding, ...]
    is_trusted: bool


def judge_unsafe_content(case: Case, context: SessionContext, subject: Subject, inventory: Inventory) -> Judgement:
    """Judges an artifact's unsafe content, before it is loaded.

    Args:
        case: the case.
        context: what the session's targets share.
        subject: its artifact.
        inventory: what will be loaded of it.

    Raises:
        TargetStoppedError: something else saved the artifact, and it has content that can act on this machine and that
            the case does not allow.
    """
    if case.artifact is None or case.frozen is not None:
        # A frozen release is the test's own: its digest is that of the release.
        return Judgement(tuple(filter(_is_of_note, unsafe_content(inventory))), is_trusted=True)
    given = _GivenArtifact(case, inventory, _profile(case, context), context.accepted)
    blocking = given.blocking
    if blocking:
        syntax = syntax_before_load(case, subject, inventory)
        option = syntax.unsafe(given.names_to_allow(), safe_mode=not given.needs_unsafe_mode)
        others = (each for each in given.notes() if each not in blocking)
        raise TargetStoppedError(*_refused(blocking, option, given.misspelt()), *others)
    return Judgement((*given.notes(), *given.unused()), is_trusted=given.may_act)


def unsaid(notes: Iterable[Finding], found: Iterable[Finding]) -> Iterator[Finding]:
    """Notes without the bytecode that a failure names already.

    Args:
        notes: those of `judge_unsafe_content`, among others.
        found: why the artifact did not load.
    """
    refused = [place for finding in found if finding.kind is Kind.LAMBDA_REFUSED for place in finding.where]
    for note in notes:
        if not (note.code and _is_bytecode(note) and all(_is_among(place, refused) for place in note.where)):
            yield note


def _is_among(place: str, places: Iterable[str]) -> bool:
    """Whether a place is one of these, of which some say which of how many layers it is."""
    return any(each == place or each.startswith(f"{place}, ") for each in places)


def _profile(case: Case, context: SessionContext) -> Profile | None:
    """What the runtime knows, with the very versions that it has: a fault is mended in one of them."""
    versions = context.loaders.versions(case.runtime)
    profile = profile_of(versions) if versions else None
    if profile is None:
        return None
    return replace(profile, name=case.runtime, tensorflow=versions["tensorflow"], keras=versions["keras"])


def _is_of_note(finding: Finding) -> bool:
    """Whether a model's own author learns something from it: not that the model has a lambda."""
    return RULES[finding.code].blocks and not _is_bytecode(finding)


def _is_bytecode(finding: Finding) -> bool:
    return RULES[finding.code].acts is Acts.UNSAFE_MODE


def _refused(blocking: Sequence[Finding], option: str, hint: str) -> Iterator[Finding]:
    """The findings that keep an artifact from being loaded, with one fix for all: a second marker hides the first."""
    own = {finding.fix[0] for finding in blocking}
    advice = own if len(own) == 1 and TRUSTED_FIX not in own else ()
    fix = (*advice, "or, if you trust what saved it, allow it:" if advice else "if you trust what saved it:", option)
    for finding in blocking:
        details = (*finding.details, *((("allowed", hint),) if hint else ()))
        yield replace(finding, severity=Severity.ERROR, fix=fix, details=details)


@dataclass(frozen=True)
class _GivenArtifact:
    """An artifact that something else saved, and what its case says of it.

    Args:
        case: the case.
        inventory: what will be loaded of it.
        profile: what the runtime knows; None where that is not known, and nothing is then taken for refused there.
        accepted: what the project accepts of any artifact.
    """

    case: Case
    inventory: Inventory
    profile: Profile | None
    accepted: Acceptance

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Its unsafe content, without what the test declares as its own."""
        return self._found(self.profile) if self.case.settings.safe_mode else self._lasting

    @cached_property
    def _contents(self) -> ContentDigests:
        return ContentDigests(self.inventory)

    @cached_property
    def _lasting(self) -> tuple[Finding, ...]:
        """What is unsafe in any runtime, rather than executed in spite of the safe mode of one."""
        return self._found(None)

    def _found(self, profile: Profile | None) -> tuple[Finding, ...]:
        custom = tuple(self.case.settings.custom_objects)
        found = unsafe_content(self.inventory, custom=custom, profile=profile)
        return tuple(self.accepted.compared(each, self._contents) for each in found if not self._is_own(each))

    @property
    def may_act(self) -> bool:
        """Whether something that can act on this machine is allowed by its name."""
        reasons = [self._reason(each) for each in self.findings if self._acts(each)]
        return any(reason and reason != _BY_SAFE_MODE for reason in reasons)

    @cached_property
    def blocking(self) -> list[Finding]:
        """What can act on this machine if it is loaded here, and is not allowed."""
        denied = [each for each in self.findings if not self._reason(each)]
        if not any(map(self._acts, denied)):
            return []
        # What lets the others in may let in what Keras would refuse, so all is said.
        return [each for each in denied if self._acts(each) or _is_bytecode(each)]

    @property
    def needs_unsafe_mode(self) -> bool:
        """Whether what blocks takes a safe_mode=False that the case does not have."""
        if not self.case.settings.safe_mode:
            return False
        refused = {each.subject for each in self._predicted if each.kind is Kind.SAFE_MODE_REFUSED}
        return any(_is_bytecode(each) or name_of(each) in refused for each in self.blocking)

    def names_to_allow(self) -> list[str]:
        """The names that let it be loaded, beside a safe_mode=False that it needs, which allows bytecode by itself."""
        named = [each for each in self.blocking if not _is_bytecode(each) and not self._content_of(each)]
        if self.needs_unsafe_mode:
            named = [each for each in named if each in self._lasting]
        return list(dict.fromkeys(map(name_of, named)))

    def notes(self) -> Iterator[Finding]:
        """What it is loaded in spite of, allowed with a reason or doing nothing by itself."""
        for finding in self.findings:
            reason = self._reason(finding)
            if reason:
                yield replace(finding, cause=f"{finding.cause}; allowed: {reason}", severity=Severity.NOTE)
            elif finding.code != MODULE.code or self._reads_configuration:
                # A graph imports no module.
                yield finding

    def unused(self) -> Iterator[Finding]:
        """A warning for each name that its test allows and that is not in it, where no other runtime may have it."""
        settings = self.case.settings
        if settings.sources.get("allow_unsafe") not in _IN_ONE_TEST or len(settings.runtimes) > 1:
            return
        for name in self._unknown():
            near = did_you_mean(name, self._names(), "remove it from the option 'allow_unsafe'")
            yield Finding(
                Kind.BAD_OPTION,
                name,
                cause=f"allow_unsafe names {name!r}, which is no unsafe content of this artifact; {near}",
                severity=Severity.WARNING,
            )

    def misspelt(self) -> str:
        """Which name of `allow_unsafe` is near to one that blocks; nothing where none is."""
        near = ((name, near_match(name, self._names())) for name in self._unknown())
        return listed(f"{name!r} is not in the artifact: did you mean {meant!r}?" for name, meant in near if meant)

    def _unknown(self) -> list[str]:
        allowed = self.case.settings.allow_unsafe
        return [name for name in allowed if not any(is_named(each, name) for each in self.findings)]

    def _names(self) -> list[str]:
        return [name_of(each) for each in self.findings] + [each.code for each in self.findings]

    def _reason(self, finding: Finding) -> str:
        """Why it is allowed, by itself or by all that it is about; nothing if it is not."""
        about = [self._own_reason(each) for each in self._content_of(finding)]
        return self._own_reason(finding) or (about[0] if about and all(about) else "")

    def _own_reason(self, finding: Finding) -> str:
        settings = self.case.settings
        given = next((reason for name, reason in settings.allow_unsafe.items() if is_named(finding, name)), "")
        by_mode = _BY_SAFE_MODE if _is_bytecode(finding) and not settings.safe_mode else ""
        return given or by_mode or self.accepted.reason(finding, self._contents)

    def _content_of(self, finding: Finding) -> list[Finding]:
        """What a fault of the runtime executes: the content at the same places, which is a finding of its own."""
        if finding in self._lasting:
            return []
        places = set(finding.where)
        return [each for each in self._lasting if RULES[each.code].blocks and places.intersection(each.where)]

    def _acts(self, finding: Finding) -> bool:
        rule = RULES[finding.code]
        if not rule.blocks or (rule.is_of_configuration and not self._reads_configuration):
            return False
        return not (_is_bytecode(finding) and self._is_bytecode_refused)

    @property
    def _reads_configuration(self) -> bool:
        """Whether Keras rebuilds it from its configuration: a SavedModel that only if its loader is asked for."""
        return self.inventory.format != "saved_model" or "tf_keras" in self.case.settings.saved_model_loaders

    @property
    def _is_bytecode_refused(self) -> bool:
        """Whether the runtime's Keras itself refuses bytecode in it."""
        settings = self.case.settings
        if self.profile is None:
            return False
        return is_refused(
            CompatibilityContext(self.inventory, self.profile, frozenset(settings.custom_objects), settings.safe_mode)
        )

    @cached_property
    def _predicted(self) -> tuple[Finding, ...]:
        if self.profile is None:
            return ()
        settings = self.case.settings
        custom = tuple(settings.custom_objects)
        return check_compatibility(self.inventory, self.profile, custom=custom, safe_mode=settings.safe_mode).findings

    def _is_own(self, finding: Finding) -> bool:
        """Whether the test declares it: a class or function by its name, those of a module by importing that."""
        if not RULES[finding.code].is_of_configuration:
            return False
        name = name_of(finding)
        if name in self.case.settings.custom_objects:
            return True
        if finding.code == CALLED_MODULE.code:
            # A module has functions that its user never thought of: one that is called is declared by its name.
            return False
        # To import a module of Python's or TensorFlow's own declares nothing of the user's.
        is_users = is_third_party_module(name) and name.partition(".")[0] not in _OF_EVERYBODY
        return is_users and any(name.startswith(f"{module}.") for module in self._modules)

    @cached_property
    def _modules(self) -> set[str]:
        """The modules that the case declares."""
        homes = (path.rpartition(".")[0] for path in import_paths(self.case.settings).values())
        return {*self.case.settings.imports, *homes, self.case.test_module} - {""}
