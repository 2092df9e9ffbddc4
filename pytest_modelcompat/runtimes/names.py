"""Names of runtimes: `tf2.16`, `tf2.16+keras3.15`, `tf2.21+tf_keras`, each with `+py3.12` where that matters.

A release candidate is named as one, `tf2.22rc0`, and an alias stands for one of these names: `sagemaker-tf2.21`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.artifacts.versions import MinorVersion, dotted, minor_version
from pytest_modelcompat.runtimes.aliases import ALIASES
from pytest_modelcompat.runtimes.pins import PINS, Pins

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_WITH_KERAS_3 = (2, 16)
_LAST_KERAS_3 = 15
_REPORTED_VERSIONS = ("tensorflow", "keras", "python")
_KERAS_PIN = re.compile(r"keras(?:-nightly)?[=>]=(\d+\.\d+)\.")
_NAME = re.compile(r"tf(\d+\.\d+(?:rc\d+)?)(?:\+(tf_keras|keras(\d+\.\d+)))?(?:\+py(\d+\.\d+))?")


class UnknownRuntimeError(ValueError):
    """A name means no runtime; the message says which is near."""


@dataclass(frozen=True)
class RuntimeName:
    """A runtime's name, taken apart.

    Args:
        tensorflow: TensorFlow's minor version.
        keras: the minor version of the Keras that loads models; TensorFlow's for `tf_keras`.
        is_tf_keras: whether that is the `tf_keras` package.
        python: the CPython minor version.
    """

    tensorflow: MinorVersion
    keras: MinorVersion
    is_tf_keras: bool
    python: MinorVersion

    @property
    def plain(self) -> str:
        """The name without a Python."""
        name = base_name(self.tensorflow)
        if self.is_tf_keras:
            return f"{name}+tf_keras"
        return name if self.keras == _TENSORFLOWS[self.tensorflow] else f"{name}+keras{dotted(self.keras)}"

    def __str__(self) -> str:
        usual = _default_python(self.plain, self.tensorflow)
        return self.plain if self.python == usual else f"{self.plain}+py{dotted(self.python)}"


def parse_name(name: str) -> RuntimeName:
    """Takes a runtime's name apart.

    Args:
        name: as a user writes it; `tf2.16+keras3.3` is `tf2.16`, and an alias is what it stands for.

    Raises:
        UnknownRuntimeError: it is not a known runtime that is known.
    """
    alias = ALIASES.get(name.strip())
    match = _NAME.fullmatch(alias.runtime if alias else name.strip())
    if not match:
        raise UnknownRuntimeError(f"{name!r} is not a known runtime: {_hint(name)}")
    tensorflow = minor_version(match[1])
    if tensorflow not in _TENSORFLOWS:
        raise UnknownRuntimeError(f"{name!r} is not a known runtime: TensorFlow {match[1]} is not known; {_known()}")
    if base_name(tensorflow) != f"tf{match[1]}":
        # A release candidate is recorded, and the release is not yet, or the other way round.
        raise UnknownRuntimeError(f"{name!r} is not a known runtime: did you mean {base_name(tensorflow)!r}?")
    is_tf_keras = match[2] == "tf_keras"
    keras = _keras(name, tensorflow, match[3], is_tf_keras=is_tf_keras)
    plain = RuntimeName(tensorflow, keras, is_tf_keras, (0, 0)).plain
    python = minor_version(match[4]) if match[4] else _default_python(plain, tensorflow)
    return RuntimeName(tensorflow, keras, is_tf_keras, python)


def runtime_name_of(versions: Mapping[str, str]) -> str:
    """The name of the runtime that has these versions.

    Args:
        versions: of `tensorflow`, `keras` and `python`, as a loader reports them.

    Raises:
        UnknownRuntimeError: no runtime that is known has them.
    """
    try:
        tensorflow, keras, python = (minor_version(versions[each]) for each in _REPORTED_VERSIONS)
    except KeyError:
        raise UnknownRuntimeError(f"no runtime is known that has {dict(versions)}") from None
    is_tf_keras = keras[0] == 2 and tensorflow >= _FIRST_WITH_KERAS_3
    package = "tf_keras" if is_tf_keras else f"keras{dotted(keras)}"
    return str(parse_name(f"{base_name(tensorflow)}+{package}+py{dotted(python)}"))


def base_name(tensorflow: MinorVersion) -> str:
    """The name of a TensorFlow with the Keras of its time: `tf2.21`; `tf2.22rc0` as long as 2.22 is not released."""
    return _BASES.get(tensorflow, f"tf{dotted(tensorflow)}")


def all_names() -> list[str]:
    """The plain names, each TensorFlow that is released with the Keras of its time, oldest first."""
    return [name for name in _BASES.values() if not PINS[name].is_pre_release]


def _keras(name: str, tensorflow: MinorVersion, asked: str | None, *, is_tf_keras: bool) -> MinorVersion:
    own = _TENSORFLOWS[tensorflow]
    if is_tf_keras and tensorflow < _FIRST_WITH_KERAS_3:
        raise UnknownRuntimeError(
            f"{name!r} is not a known runtime: tf_keras is for TensorFlow 2.16 and newer, "
            f"and tf{dotted(tensorflow)} has Keras {dotted(own)} already"
        )
    if is_tf_keras and not PINS[base_name(tensorflow)].is_pre_release:
        return tensorflow
    keras = tensorflow if is_tf_keras else minor_version(asked) if asked else own
    if keras == own:
        return keras
    if PINS[base_name(tensorflow)].is_pre_release:
        raise UnknownRuntimeError(
            f"{name!r} is not a known runtime: {base_name(tensorflow)} has Keras {dotted(own)} and no other"
        )
    if keras[0] == 3 and tensorflow < _FIRST_WITH_KERAS_3:
        raise UnknownRuntimeError(
            f"{name!r} is not a known runtime: Keras 3 is for TensorFlow 2.16 and newer, "
            f"and tf{dotted(tensorflow)} has Keras {dotted(own)}"
        )
    if tensorflow < _FIRST_WITH_KERAS_3:
        raise UnknownRuntimeError(
            f"{name!r} is not a known runtime: tf{dotted(tensorflow)} has Keras {dotted(own)} and no other"
        )
    if keras[0] == 3 and keras[1] <= _LAST_KERAS_3:
        return keras
    raise UnknownRuntimeError(
        f"{name!r} is not a known runtime: tf{dotted(tensorflow)} can be combined with Keras 3.0 to "
        f"3.{_LAST_KERAS_3} or with tf_keras"
    )


def _default_python(plain: str, tensorflow: MinorVersion) -> MinorVersion:
    """The Python that a runtime of this name is made with."""
    return minor_version(PINS[plain if plain in PINS else base_name(tensorflow)].python)


def _hint(name: str) -> str:
    return did_you_mean(name.strip().lower(), [*all_names(), *PINS, *ALIASES], _known())


def _known() -> str:
    known = all_names()
    return (
        f"known are {known[0]} to {known[-1]}, from tf2.16 on also with +keras3.N or +tf_keras, each also with +py3.N"
    )


def _keras_of_its_time(pins: Pins) -> MinorVersion:
    found = (_KERAS_PIN.match(each) for each in pins.requirements)
    # TensorFlow 2.4 and 2.5 have their Keras inside.
    return next((minor_version(match[1]) for match in found if match), minor_version(pins.tensorflow))


# TensorFlow -> its name, and the Keras of its time, oldest first.
_BASES: Mapping[MinorVersion, str] = {
    minor_version(pins.tensorflow): name for name, pins in PINS.items() if "+" not in name
}
_TENSORFLOWS: Mapping[MinorVersion, MinorVersion] = {
    version: _keras_of_its_time(PINS[name]) for version, name in _BASES.items()
}
