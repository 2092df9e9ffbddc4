"""Advice held to the facts: a version that a fix recommends is judged first, and left out where it fails too."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import dotted, minor_version
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Kind, Severity
from pytest_modelcompat.runtimes.names import all_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.finding import Finding

    Identities = frozenset[tuple[Kind, str]]

_RECOMMENDS = re.compile(
    r"(?:load (?:it|the file) with|upgrade|try) (?:TensorFlow and )?(?P<package>tf_keras|TensorFlow|Keras)"
    r"(?: there)?(?: to)?(?: (?P<version>\d+(?:\.\d+)*))?"
)
_RECOMMENDS_PYTHON = re.compile(r"load it with Python (\d+\.\d+)")
_FAILS = (Severity.ERROR, Severity.CHANGE)
_FIRST_WITH_KERAS_3: MinorVersion = (2, 16)


def recommended_runtime(line: str) -> str:
    """The runtime that a line of a fix recommends to load with: `tf2.15`; empty where it recommends none that is known.

    Args:
        line: as it is printed.
    """
    found = _RECOMMENDS.search(line)
    if found is None:
        return ""
    version = minor_version(f"{found['version'] or 2}.0")
    name = _runtime_with(found["package"], version)
    try:
        return load_profile(name).name
    except ProfileError:
        return ""


def _runtime_with(package: str, version: MinorVersion) -> str:
    newest = all_names()[-1]
    if package == "TensorFlow":
        return f"tf{dotted(version)}"
    if version == (3, 0):
        return newest
    if version[0] >= 3:
        return f"{newest}+keras{dotted(version)}"
    if version == (2, 0):
        return f"{newest}+tf_keras"
    return f"tf{dotted(version)}" + ("+tf_keras" if version >= _FIRST_WITH_KERAS_3 else "")


def held_to_facts(
    findings: Iterable[Finding],
    inventory: Inventory,
    profile: Profile,
    *,
    custom: Collection[str] = (),
    safe_mode: bool = True,
) -> Iterator[Finding]:
    """Findings without the lines that recommend a version in which the artifact fails of the same, or of more.

    Args:
        findings: about the artifact in a runtime.
        inventory: what the artifact holds.
        profile: what the runtime knows.
        custom: names that are declared there.
        safe_mode: what `load_model` is given.
    """

    @cache
    def errors(runtime: str, python: MinorVersion = profile.python) -> Identities:
        # What is advised is either another Keras or another Python.
        judged = replace(load_profile(runtime) if runtime else profile, python=python)
        found = check_compatibility(inventory, judged, custom=custom, safe_mode=safe_mode).findings
        return frozenset(each.identity for each in found if each.severity in _FAILS)

    for finding in findings:
        kept = [line for line in finding.fix if not _fails_too(finding, line, errors)]
        yield finding if len(kept) == len(finding.fix) else replace(finding, fix=_begun_again(kept))


def _fails_too(finding: Finding, line: str, errors: Callable[..., Identities]) -> bool:
    """Whether what a version is recommended for fails there too, or something else does that is no trouble here."""
    runtime, python = recommended_runtime(line), _RECOMMENDS_PYTHON.search(line)
    if not runtime and python is None:
        return False
    here, there = errors(""), errors("", minor_version(python[1])) if python is not None else errors(runtime)
    return bool(there) if finding.identity not in here else finding.identity in there or not there <= here


def _begun_again(lines: list[str]) -> tuple[str, ...]:
    return (lines[0].removeprefix("or "), *lines[1:]) if lines else ()
