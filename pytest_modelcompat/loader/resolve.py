"""What this process can resolve: ops in TensorFlow's registry, classes and functions of Keras and the case."""

import importlib
import inspect
import sys
from typing import Any, Dict, List, Optional

ROLE_MODULES = {
    "activation": "activations",
    "constraint": "constraints",
    "initializer": "initializers",
    "loss": "losses",
    "metric": "metrics",
    "optimizer": "optimizers",
    "regularizer": "regularizers",
}
_COMPILED = ("loss", "metric", "optimizer")
MODEL_CLASSES = ("Functional", "Model", "Sequential")


def version_of(keras: Any) -> str:
    """The version of a Keras; empty where it cannot be told.

    In Keras 2.13 to 2.15 `tf.keras` does not tell it, and its package does.
    """
    whole = keras if hasattr(keras, "__version__") else sys.modules.get(keras.__name__.split(".", maxsplit=1)[0])
    return str(getattr(whole, "__version__", ""))


def own_keras() -> str:
    """The module of the Keras that this process's TensorFlow has as `tf.keras`."""
    import tensorflow as tf

    package = str(tf.keras.Model.__module__).split(".", maxsplit=1)[0]
    if package == "tensorflow":
        # TensorFlow had its Keras inside until 2.5.
        return "tensorflow.keras"
    # Until 2.12 what `import keras` gives lacks public names, `keras.utils.get_registered_object` among them.
    whole = "keras.api._v2.keras"
    return whole if package == "keras" and whole in sys.modules else package


def unknown_ops(ops: List[str]) -> List[str]:
    """The ops that TensorFlow's op registry (not `tf.raw_ops`, which lacks hundreds of them) does not have."""
    from tensorflow.python.framework import op_def_registry

    return [op for op in ops if op_def_registry.get(op) is None]


def resolve_object(use: Dict[str, Any], keras: Any, custom_objects: Dict[str, Any]) -> Optional[Any]:
    """The class or function an artifact's object name means to this process's Keras; None if it means nothing.

    Follows the order of Keras' own `deserialize_keras_object`: declared and registered objects first, then the
    module the artifact names, then Keras' public names for the role the object plays.

    Args:
        use: `role`, `name`, `module`, `registered_name` as the inventory has them.
        keras: the Keras module that will load the artifact.
        custom_objects: what the case declares, by name.
    """
    try:
        for name in (use["registered_name"], use["name"]):
            found = _registered(name, keras, custom_objects) if name else None
            if found is not None:
                return found
        if use["module"] and use["module"] != "builtins":
            return _from_module(use, keras)
        return _public(use["role"], use["name"], keras)
    except (Exception, SystemExit):  # noqa: BLE001 - code of others is asked, and only the load itself decides
        return None


def _registered(name: str, keras: Any, custom_objects: Dict[str, Any]) -> Optional[Any]:
    if name in custom_objects:
        return custom_objects[name]
    home = getattr(keras, "saving", None) or keras.utils
    lookup = getattr(home, "get_registered_object", None) or keras.utils.get_registered_object
    return lookup(name, custom_objects=custom_objects)


def _from_module(use: Dict[str, Any], keras: Any) -> Optional[Any]:
    module, name = use["module"], use["name"]
    package = module.split(".", maxsplit=1)[0]
    if package in ("keras", "tf_keras"):
        found = _attribute(keras, module.split(".")[1:] + name.split("."))
        if found is not None:
            return found
    elif package not in ("keras_hub", "keras_cv", "keras_nlp") and not (_is_2(keras) and use["role"] in _COMPILED):
        # Keras 3 imports no module outside its own family on the word of an artifact. Keras 2 imports any for what
        # compile() was given; for what is in a model it takes the class's name for the object, and fails.
        return None
    return _attribute(importlib.import_module(module), name.split("."))


def _is_2(keras: Any) -> bool:
    return str(getattr(keras, "__version__", "2")).startswith("2.")


def _public(role: str, name: str, keras: Any) -> Optional[Any]:
    if role == "layer":
        # Functional is no public name, yet every Keras that has `Model` reads it.
        return getattr(keras.models, name, keras.Model) if name in MODEL_CLASSES else getattr(keras.layers, name, None)
    if role not in ROLE_MODULES:
        return _anywhere(name, keras)
    home = getattr(keras, ROLE_MODULES[role])
    if role == "optimizer" and name.startswith("Custom>"):
        # Keras 2.11 to 2.15 registered its own optimizers like a user's; who can read these files knows that.
        name = name[len("Custom>") :]
    found = getattr(home, name, None)
    if found is not None or (role == "metric" and name in ("accuracy", "acc", "crossentropy", "ce")):
        return found or name
    if role == "optimizer":
        # `get` makes what it finds, and LossScaleOptimizer cannot be made of nothing.
        found = getattr(getattr(keras, "mixed_precision", None), name, None)
    return found if found is not None else home.get(name)


def _anywhere(name: str, keras: Any) -> Optional[Any]:
    homes = ("dtype_policies", "mixed_precision", "layers", "random", "quantizers", *ROLE_MODULES.values())
    for home in homes:
        found = getattr(getattr(keras, home, None), name, None)
        if found is not None:
            return found
    return getattr(keras, name, None)


def _attribute(owner: Any, names: List[str]) -> Optional[Any]:
    for name in names:
        owner = getattr(owner, name, None)
        if owner is None:
            return None
    return owner


def rebuild_problem(cls: Any, config: List[str]) -> Optional[Dict[str, Any]]:
    """Why a custom class cannot be rebuilt from its stored config by `cls(**config)`; None if it can, or may.

    Args:
        cls: what the artifact's class name was resolved to.
        config: the keys of the stored config.

    Returns:
        `argument`, `problem` (`missing`: required and not in the config; `unexpected`: in the config and not
        accepted) and `has_get_config`.
    """
    try:
        if not inspect.isclass(cls) or _is_keras_class(cls) or _overrides(cls, "from_config"):
            return None
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    except Exception:  # noqa: BLE001 - a class of the user's says what it likes of itself
        return None
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    missing = [p.name for p in named if p.default is p.empty and p.name not in config]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    unexpected = [] if takes_any else [key for key in config if key not in {p.name for p in named}]
    if not missing and not unexpected:
        return None
    return {
        "argument": (missing or unexpected)[0],
        "problem": "missing" if missing else "unexpected",
        "has_get_config": _overrides(cls, "get_config"),
    }


def _is_keras_class(cls: Any) -> bool:
    return cls.__module__.split(".")[0] in ("keras", "tf_keras", "tensorflow")


def _overrides(cls: Any, method: str) -> bool:
    return any(method in base.__dict__ for base in cls.__mro__ if not _is_keras_class(base) and base is not object)
