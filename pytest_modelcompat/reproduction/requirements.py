"""What is to be installed so that a script runs in the versions in which its target failed."""

from __future__ import annotations

import re
from importlib import metadata
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# The CPU build is published for these alone; elsewhere the plain wheel is the CPU build.
_HAS_CPU = "sys_platform == 'win32' or (sys_platform == 'linux' and platform_machine == 'x86_64')"
_HAS_NO_CPU = "sys_platform != 'win32' and (sys_platform != 'linux' or platform_machine != 'x86_64')"
_NAME = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")
_EXACT = ("keras", "numpy", "tf-keras", "keras-nightly")
_FIRST_WITHOUT_OWN_KERAS = (2, 6)
# Which Keras and which kernels TensorFlow takes: all that a script repeats of the environment.
FLAGS = ("TF_USE_LEGACY_KERAS", "KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS")
_FLAG_VALUES = ("0", "1", "true", "false", "True", "False", "tensorflow")


def requirements(
    versions: Mapping[str, str], packages: Iterable[str], others: Mapping[str, str], *, is_local: bool, legacy: bool
) -> tuple[str, ...]:
    """Requirements as pip spells them.

    Args:
        versions: of `tensorflow`, `keras` and `numpy` in the loader.
        packages: what the runtime is made of; empty where nobody says.
        others: distribution -> version, of what the model needs besides.
        is_local: whether it was loaded in the interpreter of this process.
        legacy: whether Keras is the package tf_keras.
    """
    found = list(_tensorflow(versions.get("tensorflow", ""), has_cpu=not legacy))
    keras = versions.get("keras", "")
    # A declared file or folder is on this machine alone.
    given = [each for each in packages if _NAME.match(each) and not each.startswith(("-", ".")) and "/" not in each]
    names = {_normal(each) for each in given}
    if legacy:
        found += [f"tf-keras=={keras}"] if keras else []
    elif keras and _has_package(versions.get("tensorflow", "")) and "keras-nightly" not in names:
        found.append(f"keras=={keras}")
    if versions.get("numpy"):
        found.append(f"numpy=={versions['numpy']}")
    found += [each for each in given if not _normal(each).startswith("tensorflow") and _normal(each) not in _EXACT]
    found += [each for each in given if _normal(each) == "keras-nightly"]
    if is_local:
        # Files are read by it, and TensorFlow takes any version.
        found += [f"h5py=={version}" for version in _version("h5py")]
    have = {_normal(each) for each in found}
    return (*found, *(f"{name}=={version}" for name, version in others.items() if _normal(name) not in have))


def _normal(requirement: str) -> str:
    matched = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", matched.group(1)).lower() if matched else ""


def _tensorflow(version: str, *, has_cpu: bool) -> Iterator[str]:
    if "dev" in version:
        yield from (f"tf-nightly=={each}" for each in _version("tf-nightly"))
        return
    # TensorFlow writes 2.22.0-rc0 for what pip calls 2.22.0rc0.
    plain = version.replace("-rc", "rc")
    if not has_cpu:
        # The package tf_keras requires this distribution by its name.
        yield f"tensorflow=={plain}"
        return
    yield f"tensorflow-cpu=={plain}; {_HAS_CPU}"
    yield f"tensorflow=={plain}; {_HAS_NO_CPU}"


def _has_package(tensorflow: str) -> bool:
    """Whether the Keras of a TensorFlow is a package of its own."""
    parsed = parse_version(tensorflow)
    return parsed is None or (parsed.major, parsed.minor) >= _FIRST_WITHOUT_OWN_KERAS


def _version(distribution: str) -> Iterator[str]:
    try:
        yield metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return


def flags(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that say which Keras and which kernels TensorFlow takes, and nothing else of an environment.

    Args:
        variables: an environment.
    """
    return {name: variables[name] for name in FLAGS if variables.get(name) in _FLAG_VALUES}
