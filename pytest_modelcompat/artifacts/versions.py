"""Versions of Keras, TensorFlow and Python, parsed and compared as pip does; and our own.

Whole versions are compared by `version_order`: 2.22.0rc0 is newer than 2.21.0 and older than 2.22.0. What changes with
a minor version is recorded by that minor version, and its pre-releases have it: of 2.22.0rc0 it is `(2, 22)`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version

MinorVersion = tuple[int, int]
# Less than any other: of what names no version.
NO_VERSION: MinorVersion = (0, 0)
# From this version on Keras 2 goes by the name of tf_keras.
TF_KERAS: MinorVersion = (2, 16)

_RELEASE = re.compile(r"v?\d+(?:\.\d+)+")


@cache
def parse_version(text: str) -> Version | None:
    """A version to compare with others: `2.22.0rc0`, `2.22.0-dev20260101`, `2.4.0-tf`; None for what is none.

    Args:
        text: as a package says it; what is unusual behind its numbers, as in the Keras of TensorFlow up to 2.5, is
            left out.
    """
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        release = _RELEASE.match(text)
        return Version(release[0]) if release else None


def version_order(text: str) -> Version:
    """A key that sorts texts by their versions, a pre-release before its release; what is no version comes first."""
    from packaging.version import Version

    return parse_version(text) or Version("0.dev0")


def has_fix(text: str, fixed: str, backported: str = "") -> bool:
    """Whether a version is as new as that of a fix, or as that which has it in an older series.

    Args:
        text: the version.
        fixed: the first version with the fix.
        backported: the first one of an older series with it; empty if there is none.
    """
    version = version_order(text)
    is_older_series = bool(backported) and version.release[:2] == version_order(backported).release[:2]
    return version >= version_order(backported if is_older_series else fixed)


def minor_version(text: str) -> MinorVersion:
    """Major and minor version: `(2, 22)` of `2.22.0rc0`; `NO_VERSION` where there are no two numbers."""
    version = parse_version(text)
    if version is None or len(version.release) < 2:
        return NO_VERSION
    return version.release[0], version.release[1]


def major_version(text: str) -> int:
    """The first number: 3 of `3.16.0.dev2026010103`; 0 where there is none."""
    version = parse_version(text)
    return version.major if version else 0


def dotted(version: MinorVersion) -> str:
    """`2.15` of `(2, 15)`."""
    return f"{version[0]}.{version[1]}"


def minor_text(text: str) -> str:
    """The minor version in words: `3.11` of `3.11.7`; empty where there are no two numbers."""
    version = minor_version(text)
    return "" if version == NO_VERSION else dotted(version)


def own_version() -> str:
    """The version of this plugin; words where it is not installed, as in a checkout."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pytest-modelcompat")
    except PackageNotFoundError:
        return "(not installed)"
