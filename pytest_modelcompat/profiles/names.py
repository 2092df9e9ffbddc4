"""Names of runtimes: `tf2.16`, `tf2.16+keras3.15`, `tf2.21+tf_keras`, each with `+py3.12` where that matters."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from pytest_modelcompat.profiles.profile import ProfileError

Version = tuple[int, int]

# TensorFlow -> the Keras of its time and the Python a runtime of that name has. Up to TensorFlow 2.15 Keras is part
# of it or in step with it; later the pairs are those that were current when TensorFlow was released.
_TENSORFLOWS: dict[Version, tuple[Version, Version]] = {
    (2, 4): ((2, 4), (3, 8)),
    (2, 5): ((2, 5), (3, 9)),
    (2, 6): ((2, 6), (3, 9)),
    (2, 7): ((2, 7), (3, 9)),
    (2, 8): ((2, 8), (3, 10)),
    (2, 9): ((2, 9), (3, 10)),
    (2, 10): ((2, 10), (3, 10)),
    (2, 11): ((2, 11), (3, 10)),
    (2, 12): ((2, 12), (3, 11)),
    (2, 13): ((2, 13), (3, 11)),
    (2, 14): ((2, 14), (3, 11)),
    (2, 15): ((2, 15), (3, 11)),
    (2, 16): ((3, 3), (3, 11)),
    (2, 17): ((3, 4), (3, 12)),
    (2, 18): ((3, 6), (3, 12)),
    (2, 19): ((3, 9), (3, 12)),
    (2, 20): ((3, 11), (3, 13)),
    (2, 21): ((3, 15), (3, 13)),
}
_FIRST_WITH_KERAS_3 = (2, 16)
_LAST_KERAS_3 = 15
_TF_KERAS_PYTHON = (3, 11)
_NAME = re.compile(r"tf(\d+\.\d+)(?:\+(tf_keras|keras(\d+\.\d+)))?(?:\+py(\d+\.\d+))?")


@dataclass(frozen=True)
class RuntimeName:
    """A runtime's name, taken apart.

    Args:
        tensorflow: TensorFlow's minor version.
        keras: the minor version of the Keras that loads models; TensorFlow's for `tf_keras`.
        is_tf_keras: whether that is the `tf_keras` package.
        python: the CPython minor version.
    """

    tensorflow: Version
    keras: Version
    is_tf_keras: bool
    python: Version

    @property
    def plain(self) -> str:
        """The name without a Python."""
        name = f"tf{_text(self.tensorflow)}"
        if self.is_tf_keras:
            return f"{name}+tf_keras"
        return name if self.keras == _TENSORFLOWS[self.tensorflow][0] else f"{name}+keras{_text(self.keras)}"

    def __str__(self) -> str:
        usual = _python(self.tensorflow, self.is_tf_keras)
        return self.plain if self.python == usual else f"{self.plain}+py{_text(self.python)}"


def parse_name(name: str) -> RuntimeName:
    """Takes a runtime's name apart.

    Args:
        name: as a user writes it; `tf2.16+keras3.3` is `tf2.16`.

    Raises:
        ProfileError: it names no runtime that is known.
    """
    match = _NAME.fullmatch(name.strip())
    if not match:
        raise ProfileError(f"{name!r} names no runtime: {_hint(name)}")
    tensorflow = _version(match[1])
    if tensorflow not in _TENSORFLOWS:
        raise ProfileError(f"TensorFlow {match[1]} in {name!r} is not known: {_hint(name)}")
    is_tf_keras = match[2] == "tf_keras"
    keras = _keras(name, tensorflow, match[3], is_tf_keras=is_tf_keras)
    python = _version(match[4]) if match[4] else _python(tensorflow, is_tf_keras)
    return RuntimeName(tensorflow, keras, is_tf_keras, python)


def all_names() -> list[str]:
    """The plain names, each TensorFlow with the Keras of its time, oldest first."""
    return [f"tf{_text(version)}" for version in _TENSORFLOWS]


def _keras(name: str, tensorflow: Version, asked: str | None, *, is_tf_keras: bool) -> Version:
    own = _TENSORFLOWS[tensorflow][0]
    if is_tf_keras and tensorflow < _FIRST_WITH_KERAS_3:
        raise ProfileError(
            f"{name!r} names no runtime: tf_keras is for TensorFlow 2.16 and newer, "
            f"and tf{_text(tensorflow)} has Keras {_text(own)} already"
        )
    if is_tf_keras:
        return tensorflow
    keras = _version(asked) if asked else own
    if keras == own:
        return keras
    if keras[0] == 3 and tensorflow < _FIRST_WITH_KERAS_3:
        raise ProfileError(
            f"{name!r} names no runtime: Keras 3 is for TensorFlow 2.16 and newer, "
            f"and tf{_text(tensorflow)} has Keras {_text(own)}"
        )
    if tensorflow < _FIRST_WITH_KERAS_3:
        raise ProfileError(f"{name!r} names no runtime: tf{_text(tensorflow)} has Keras {_text(own)} and no other")
    if keras[0] == 3 and keras[1] <= _LAST_KERAS_3:
        return keras
    raise ProfileError(
        f"{name!r} names no runtime: tf{_text(tensorflow)} goes with Keras 3.0 to 3.{_LAST_KERAS_3} or with tf_keras"
    )


def _python(tensorflow: Version, is_tf_keras: bool) -> Version:
    return _TF_KERAS_PYTHON if is_tf_keras else _TENSORFLOWS[tensorflow][1]


def _hint(name: str) -> str:
    known = all_names()
    near = difflib.get_close_matches(name.strip().lower(), [*known, "tf2.16+keras3.15", "tf2.21+tf_keras"], 1)
    suggestion = f"did you mean {near[0]!r}? " if near else ""
    return (
        f"{suggestion}known are {known[0]} to {known[-1]}, from tf2.16 on also with +keras3.N or +tf_keras, "
        f"each with +py3.N where needed, and the paths of recorded profiles"
    )


def _version(text: str) -> Version:
    major, minor = text.split(".")
    return int(major), int(minor)


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
