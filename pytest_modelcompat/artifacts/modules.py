"""Which modules are Keras' own, and which come from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

KERAS_PACKAGES = ("keras", "tf_keras")
# With what Keras takes for its own.
_KERAS_FAMILY = frozenset({*KERAS_PACKAGES, "keras_hub", "keras_cv", "keras_nlp", "keras_core"})
_KERAS_IN_TENSORFLOW = ("tensorflow.keras", "tensorflow.python.keras")
# Where Keras' own modules are.
KERAS_ROOTS = (*KERAS_PACKAGES, *_KERAS_IN_TENSORFLOW)
# What stands where Keras found no module of its own.
NO_MODULE = "builtins"
# Between the package that something was registered in and its name.
PACKAGE_END = ">"
# Keras 2.11 to 2.15 registered its own new optimizers the way a user's are.
KERAS_OWN_PACKAGE = "Custom>"
# TensorFlow, and what its installation has beside it: the packages that a file can count on wherever it is loaded.
PACKAGES_OF_TENSORFLOW = frozenset(
    {
        *("tensorflow", "absl", "astunparse", "certifi", "charset_normalizer", "clang", "flatbuffers", "gast"),
        *("google", "grpc", "h5py", "idna", "markdown", "markdown_it", "mdurl", "ml_dtypes", "namex", "numpy"),
        *("opt_einsum", "optree", "packaging", "pasta", "pkg_resources", "pygments", "requests", "rich", "setuptools"),
        *("six", "tensorboard", "termcolor", "typing_extensions", "urllib3", "werkzeug", "wheel", "wrapt"),
    }
)
# Where TensorFlow has classes with a configuration, and no function whose name begins with a capital letter.
_CLASSES_OF_TENSORFLOW = (
    *("tensorflow.python.ops.init_ops", "tensorflow.python.feature_column."),
    "tensorflow.python.training.experimental.loss_scale",
)


def is_of_keras(module: str) -> bool:
    """Whether a module is Keras', or that of a package Keras takes for its own."""
    return module.partition(".")[0] in _KERAS_FAMILY or module.startswith(_KERAS_IN_TENSORFLOW)


def is_third_party_module(module: object) -> bool:
    """Whether what an artifact gives as a module is one from outside Keras."""
    return isinstance(module, str) and module not in ("", NO_MODULE) and not is_of_keras(module)


def has_no_model_classes(module: str) -> bool:
    """Whether a module, not of Keras, is known to have no class that a configuration can describe.

    What a file names there is a function, however it is spelled: TensorFlow has thousands that begin with a capital
    letter, such as `tensorflow.raw_ops.WriteFile`.
    """
    is_known = module.partition(".")[0] in PACKAGES_OF_TENSORFLOW and not is_of_keras(module)
    return is_known and not module.startswith(_CLASSES_OF_TENSORFLOW)


def is_declared(name: str, registered_name: str | None, custom: Collection[str], *, is_function: bool) -> bool:
    """Whether Keras finds what a file names among what is declared: a function by its name alone, a class by either.

    Args:
        name: the name that the file gives.
        registered_name: the name that it was registered under; None or empty where the file gives none.
        custom: the names that are declared.
        is_function: whether the file says that it is a function.
    """
    return name in custom or (not is_function and bool(registered_name) and registered_name in custom)


def is_in_full(name: str, registered_name: str | None) -> bool:
    """Whether a file names something with the package that it was registered in: `shop>Scale`."""
    return PACKAGE_END in f"{name}{registered_name or ''}"


def is_declared_registered(name: str, custom: Collection[str]) -> bool:
    """Whether something of this name is declared as registered in a package: `Custom>halve`."""
    return any(each.endswith(f"{PACKAGE_END}{name}") for each in custom)
