"""What a recipe says in the words of a script: imports, places of objects, tolerances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import parse_version
from pytest_modelcompat.reproduction.recipe import Limit
from pytest_modelcompat.reproduction.requirements import flags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.runtimes.protocol import Job

# From then on `import keras` is the Keras of TensorFlow, and has all that it has; before, it lacks some of it.
_FIRST_WHOLE, _FIRST_WITH_KERAS_3 = (2, 13), (2, 16)


def keras_import(job: Job, versions: Mapping[str, str]) -> str:
    """How a script imports the Keras that loaded an artifact.

    Args:
        job: what the loader was to do.
        versions: of `tensorflow` and `keras` there.
    """
    if job.keras == "tf_keras":
        return "import tf_keras as keras"
    tensorflow = parse_version(versions.get("tensorflow", ""))
    if job.keras == "keras" or tensorflow is None:
        return "import keras"
    minor = (tensorflow.major, tensorflow.minor)
    if minor < _FIRST_WHOLE:
        return "from tensorflow import keras"
    is_keras_2 = versions.get("keras", "").startswith("2.")
    return "import tf_keras as keras" if is_keras_2 and minor >= _FIRST_WITH_KERAS_3 else "import keras"


def module_places(custom_objects: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Name -> `module:qualified name` of what is declared.

    Args:
        custom_objects: name -> (module, qualified name).
    """
    return {name: f"{module}:{qualname}" for name, (module, qualname) in custom_objects.items()}


def limits_of(tolerances: Mapping[str, Tolerance]) -> dict[str, Limit]:
    """How far each output may be off.

    Args:
        tolerances: of each output.
    """
    found = {}
    for name, each in tolerances.items():
        compare = str(each.own) if hasattr(each.own, "arguments") else ""
        found[name] = Limit(each.rtol, each.atol, "" if compare == "tolerance" else compare)
    return found


def local_flags(variables: Mapping[str, str], *, is_legacy: bool) -> dict[str, str]:
    """The variables that a script sets before it imports TensorFlow.

    Args:
        variables: of the process that loaded.
        is_legacy: whether Keras is the package tf_keras, which code of the user's may take for `tf.keras`.
    """
    found = flags(variables)
    if not is_legacy:
        found.pop("TF_USE_LEGACY_KERAS", None)
    return found
