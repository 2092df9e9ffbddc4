"""Which constructor arguments Keras' own classes do not save, found by saving and making again each of them."""

import contextlib
import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .samples import EXTRA, sample

# Role -> its public module, and the public name of the class that all of its classes are of.
ROLES = {
    "constraint": ("constraints", "constraints.Constraint"),
    "initializer": ("initializers", "initializers.Initializer"),
    "layer": ("layers", "layers.Layer"),
    "loss": ("losses", "losses.Loss"),
    "metric": ("metrics", "metrics.Metric"),
    "optimizer": ("optimizers", "optimizers.Optimizer"),
    "regularizer": ("regularizers", "regularizers.Regularizer"),
    "schedule": ("optimizers.schedules", "optimizers.schedules.LearningRateSchedule"),
}
# They mean nothing once an object is made, Keras makes them itself, or they choose how something is computed, not what.
MEANINGLESS = frozenset(
    {
        "name", "dtype", "weights", "trainable", "input_shape", "batch_input_shape", "batch_shape", "batch_size",
        "input_tensor", "input_dim", "input_length", "input_dtype", "dynamic", "autocast", "seed",
        "activity_regularizer", "fn", "ragged", "sparse", "type_spec", "tensor", "layout", "mesh", "lora_rank",
        "lora_alpha", "fused", "flash_attention",
    }
)  # fmt: skip
_NUMBERS = (0.3, 0.7, 2.0, 5.0, 2, 3, 1, 0, -2)
_TEXTS = (
    "sum", "none", "same", "valid", "causal", "channels_first", "relu", "tanh", "ones", "uniform", "nearest",
    "bilinear", "constant", "fan_out", "mul", "ave", "count", "multi_hot", "one_hot", "interpolation", "majoring",
    "minoring", "PR", "micro", "weighted", "xywh", "reflect", "dot", "strip_punctuation", "character",
)  # fmt: skip
_OTHERS = (0.5, 2, 1, 0, -1, True, "l2", "sum", [0.1, 0.2], [1, 2], [[1, 1]], (2, 2))


def lost_arguments(keras: Any) -> Dict[str, Dict[str, Dict[str, Any]]]:
    """`role:Class` -> argument -> `at`, the attribute that keeps it, and `default`, its value there.

    Args:
        keras: the public Keras module.
    """
    found = {}
    for role, cls in _classes(keras):
        lost = dict(lost_of(cls, keras))
        if lost:
            found["{}:{}".format(role, cls.__name__)] = lost
    return found


def state(made: Any) -> Dict[str, Any]:
    """The plain values that an object has in its attributes, and in those that are dicts of arguments, by path."""
    found = {}
    for name, value in vars(made).items():
        if isinstance(value, dict) and name.endswith("kwargs"):
            found.update({"{}.{}".format(name, key): each for key, each in value.items() if _is_plain(each)})
        elif _is_plain(value):
            found[name] = value
    return dict(json.loads(json.dumps(found)))


def _classes(keras: Any) -> Iterator[Tuple[str, Any]]:
    for role, (module, base) in ROLES.items():
        base_class = _public(keras, base)
        for name, each in sorted(vars(_public(keras, module)).items()):
            if inspect.isclass(each) and name == each.__name__ and issubclass(each, base_class):
                yield role, each


def _public(keras: Any, path: str) -> Any:
    owner = keras
    for part in path.split("."):
        owner = getattr(owner, part)
    return owner


def lost_of(cls: Any, keras: Any) -> Iterator[Tuple[str, Dict[str, Any]]]:
    """The arguments that a class does not save, each with where it is kept, as `lost_arguments` gives them.

    Args:
        cls: the class.
        keras: the public Keras module, to make values with.
    """
    parameters = _parameters(cls)
    for more in [*EXTRA.get(cls.__name__, []), {}]:
        trial = _trial(cls, keras, more)
        if trial is None:
            continue
        for each in parameters:
            if not _is_needed(each) and each.name not in MEANINGLESS and each.name not in trial.needed:
                lost = _lost(trial, each)
                if lost is not None:
                    yield each.name, lost
        return


class _Trial(NamedTuple):
    """A class, what it cannot be made without, and what an object has that is given nothing else."""

    cls: Any
    needed: Dict[str, Any]
    plain: Dict[str, Any]


def _trial(cls: Any, keras: Any, more: Dict[str, Any]) -> Optional[_Trial]:
    try:
        needed = {each.name: sample(each.name, cls.__name__, keras) for each in _parameters(cls) if _is_needed(each)}
        needed.update(more)
        return _Trial(cls, needed, state(cls(**needed)))
    except Exception:  # noqa: BLE001 - a class that cannot be made is not recorded
        return None


def _parameters(cls: Any) -> List[inspect.Parameter]:
    """What a class takes itself: a base may be handed more that the class does not look at."""
    owner = next(base for base in cls.__mro__ if "__init__" in vars(base))
    try:
        parameters = list(inspect.signature(owner.__init__).parameters.values())[1:]
    except (TypeError, ValueError):
        return []
    return [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]


def _is_needed(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty


def _lost(trial: _Trial, parameter: inspect.Parameter) -> Optional[Dict[str, Any]]:
    """Where an argument is kept that does not come back; None if it does, or if no value tells."""
    name, plain = parameter.name, trial.plain
    for value in _candidates(parameter.default):
        made = again = None
        with contextlib.suppress(Exception):  # a value that is refused tells nothing
            made = trial.cls(**dict(trial.needed, **{name: value}))
            config = made.get_config()
            if name in config:
                return None
            again = state(trial.cls.from_config(_as_stored(config)))
        if again is not None:
            given, now = json.loads(json.dumps(value)), state(made)
            for path in _paths(name):
                if path in now and now[path] == given and plain.get(path) != given:
                    return {"at": path, "default": plain.get(path)} if again.get(path) == plain.get(path) else None
    return None


def _as_stored(config: Dict[str, Any]) -> Dict[str, Any]:
    try:
        return dict(json.loads(json.dumps(config)))
    except TypeError:
        return config


def _paths(argument: str) -> List[str]:
    return [argument, "_" + argument, "_fn_kwargs." + argument, "kwargs." + argument]


def _candidates(default: Any) -> Iterable[Any]:
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, (int, float)):
        return [each for each in _NUMBERS if each != default]
    if isinstance(default, str):
        return [each for each in _TEXTS if each != default]
    return _OTHERS


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def main(arguments: List[str]) -> None:
    """Write what the Keras of this interpreter loses into a file.

    Args:
        arguments: the file, and `tf_keras` where that is asked about rather than `tf.keras`.
    """
    from .record import default_keras

    keras = importlib.import_module(arguments[1]) if arguments[1:] else default_keras()
    root = sys.modules[keras.layers.Dense.__module__.split(".")[0]]
    version = str(getattr(keras, "__version__", None) or root.__version__)
    answer = {"version": version, "classes": lost_arguments(keras)}
    Path(arguments[0]).write_text(json.dumps(answer), encoding="utf-8")
