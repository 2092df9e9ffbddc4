"""Which versions of packages there are, and for which Pythons: what uv finds in the index that it is configured for."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes.uv import find_uv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def newest(packages: Sequence[str], python: str, *, pre_releases: bool = False) -> dict[str, str]:
    """The newest version of each package, whatever it needs.

    Args:
        packages: their names.
        python: the CPython minor version to install into, `3.13`.
        pre_releases: whether these count too.

    Raises:
        LookupError: there is none; the message is what uv said.
    """
    return _versions(_compile(packages, python, "--no-deps", *(["--prerelease", "allow"] if pre_releases else [])))


def needed(pins: Mapping[str, str], python: str) -> dict[str, str]:
    """The newest versions of all that these versions need, themselves among them.

    Args:
        pins: version by package.
        python: the CPython minor version to install into, `3.13`.

    Raises:
        LookupError: they do not fit together; the message is what uv said.
    """
    return _versions(_compile([f"{name}=={version}" for name, version in pins.items()], python))


def pythons_after(version: str, last: str) -> list[str]:
    """The Pythons that a TensorFlow has wheels for besides those that its metadata name, which may lag behind.

    Args:
        version: TensorFlow's, `2.22.0-rc0`.
        last: the newest Python that its metadata name, `3.13`.
    """
    found: list[str] = []
    requirement = f"tensorflow=={version.replace('-', '')}"
    minor = int(last.partition(".")[2]) + 1
    while _has_wheel(requirement, f"3.{minor}"):
        found.append(f"3.{minor}")
        minor += 1
    return found


def _has_wheel(requirement: str, python: str) -> bool:
    try:
        return bool(_compile([requirement], python, "--no-deps", "--only-binary", ":all:"))
    except LookupError:
        return False


def _versions(lines: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lines, re.MULTILINE))


def _compile(requirements: Sequence[str], python: str, *options: str) -> str:
    command = [find_uv("published"), "pip", "compile", "--quiet", "--no-header", "--no-annotate", *options]
    # An interpreter of that version is not needed, and not to be fetched for the question.
    command += ["--no-python-downloads", "--python-version", python, "-"]
    done = subprocess.run(command, input="\n".join(requirements), capture_output=True, text=True, check=False)
    if done.returncode:
        raise LookupError(done.stderr.strip() or f"uv ended with exit code {done.returncode}")
    return done.stdout
