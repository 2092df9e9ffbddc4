"""The plan: which versions of Keras write, which read what they wrote, and in which runtimes."""

from __future__ import annotations

KERAS_2 = [f"2.{minor}" for minor in range(4, 16)]
TF_KERAS = [f"tf_keras 2.{minor}" for minor in range(16, 22)]
KERAS_3 = [f"3.{minor}" for minor in range(17)]
# Each Keras with the TensorFlow of its time, or with the next older one that it works with.
_TENSORFLOW_OF_KERAS_3 = {
    0: 16, 1: 16, 2: 16, 3: 16, 4: 17, 5: 17, 6: 18, 7: 18, 8: 18, 9: 19, 10: 19, 11: 20, 12: 20, 13: 20,
    14: 20, 15: 21,
}  # fmt: skip
# What is not released yet goes with a TensorFlow that is not either.
_PRE_RELEASES = {"3.16": "tf2.22rc0"}
# What most people load old files in.
EVERYWHERE = ("2.15", "tf_keras 2.21", "3.15")


def every_keras() -> list[str]:
    """Every Keras of the sweep, by the key that its profile has, oldest first."""
    return [*KERAS_2, *TF_KERAS, *KERAS_3]


def runtime_of(keras: str) -> str:
    """The name of the runtime that a Keras is tried in."""
    package, _, version = keras.rpartition(" ")
    major, minor = (int(part) for part in version.split("."))
    if package:
        return f"tf2.{minor}+tf_keras"
    if keras in _PRE_RELEASES:
        return _PRE_RELEASES[keras]
    return f"tf2.{_TENSORFLOW_OF_KERAS_3[minor]}+keras{version}" if major == 3 else f"tf{version}"


def readers_of(keras: str) -> list[str]:
    """The versions that read what a Keras wrote: itself, the ones before and after it, and what most people have."""
    package = keras.rpartition(" ")[0]
    order = TF_KERAS if package else [*KERAS_2, *KERAS_3]
    place = order.index(keras)
    neighbours = order[max(0, place - 1) : place + 2]
    return list(dict.fromkeys([*neighbours, *EVERYWHERE]))


def pairs() -> list[tuple[str, str]]:
    """Each writer with each of its readers."""
    return [(writer, reader) for writer in every_keras() for reader in readers_of(writer)]
