"""The plan: which versions of Keras write, which read what they wrote, and in which runtimes.

All of it follows from the versions that have a profile, so that one more version is in the plan as soon as it has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.profiles.store import read_history, version_key
from pytest_modelcompat.runtimes.names import all_names, parse_name
from pytest_modelcompat.runtimes.pins import PINS

if TYPE_CHECKING:
    from collections.abc import Callable

TF_KERAS = "tf_keras"
FILES, SAVED_MODELS = "files", "saved_models"
# Kinds of artifacts that every version reads: what goes wrong in one version alone, and in none around it, was found in
# what they hold (how layers are connected and counted, what adapted layers have learnt, and what is encoded).
EVERYWHERE = frozenset({"column", "model", "state", "wrapper"})


class Plan(NamedTuple):
    """Who saves and who reads.

    Args:
        what: `FILES`, in the formats of single files, or `SAVED_MODELS`.
        writers: the keys of those who save.
        readers_of: the keys of those who read all that one saved.
        everywhere: the kinds of artifacts that every version reads.
    """

    what: str
    writers: list[str]
    readers_of: Callable[[str], list[str]]
    everywhere: frozenset[str] = frozenset()

    def readers_for(self, writer: str, kind: str) -> list[str]:
        """The keys of those who read an artifact of a kind, whatever the others make of it."""
        return every_keras() if kind in self.everywhere else self.readers_of(writer)


def plan_of(what: str) -> Plan:
    """The plan of files, or of SavedModels."""
    if what == FILES:
        return Plan(FILES, every_keras(), readers_of, EVERYWHERE)
    return Plan(SAVED_MODELS, every_tensorflow(), readers_of_saved_models)


def every_tensorflow() -> list[str]:
    """The Keras that each TensorFlow has of its own: their newest patches save SavedModels."""
    return [version_key(parse_name(name).keras) for name in PINS if "+" not in name]


def readers_of_saved_models(keras: str) -> list[str]:
    """Who reads what the TensorFlow of a Keras saved: itself, the ones before and after, 2.15 and the newest."""
    order = every_tensorflow()
    place = order.index(keras)
    return list(dict.fromkeys([*order[max(0, place - 1) : place + 2], _everywhere()[1], _everywhere()[-1]]))


def every_keras() -> list[str]:
    """Every Keras of the sweep, by the key that its profile has, oldest first."""
    return list(read_history("keras")[0])


def runtime_of(keras: str) -> str:
    """The name of the runtime that a Keras is tried in: with the newest TensorFlow that is not newer than it."""
    package, _, version = keras.rpartition(" ")
    if package:
        return f"tf{version}+tf_keras"
    wanted = _numbers(version)
    names = [name for name in PINS if "+" not in name]
    own = {name: parse_name(name).keras for name in names}
    alike = [name for name in names if own[name][0] == wanted[0]]
    base = [name for name in alike if own[name] <= wanted][-1:] or alike[:1]
    return base[0] if own[base[0]] == wanted else f"{base[0]}+keras{version}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def readers_of(keras: str) -> list[str]:
    """The versions that read what a Keras wrote: itself, the ones before and after it, and what most people have."""
    is_tf_keras = keras.startswith(TF_KERAS)
    order = [each for each in every_keras() if each.startswith(TF_KERAS) == is_tf_keras]
    place = order.index(keras)
    return list(dict.fromkeys([*order[max(0, place - 1) : place + 2], *_everywhere()]))


def _everywhere() -> list[str]:
    """The first and the last Keras 2 of TensorFlow, the last of its own, the first and the newest release of Keras 3.

    What these make of an artifact bounds what those between them do.
    """
    keras_2, keras_3 = lines()
    of_tensorflow = [each for each in keras_2 if not each.startswith(TF_KERAS)]
    return [*ends(of_tensorflow), keras_2[-1], keras_3[0], version_key(parse_name(all_names()[-1]).keras)]


def ends(versions: list[str]) -> list[str]:
    """The first and the last."""
    return [versions[0], versions[-1]]


def lines() -> tuple[list[str], list[str]]:
    """The versions of Keras 2 with those of `tf_keras` after them, and those of Keras 3, each from the oldest on."""
    keras_3 = [each for each in every_keras() if each.startswith("3.")]
    return [each for each in every_keras() if each not in keras_3], keras_3


def pairs() -> list[tuple[str, str]]:
    """Each writer with each of its readers."""
    return [(writer, reader) for writer in every_keras() for reader in readers_of(writer)]
