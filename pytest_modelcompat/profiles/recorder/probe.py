"""What rebuilding a class from a config takes, found by doing it."""

import inspect
import math
import re
from typing import Any, Dict, Iterable, Iterator, List, Optional, Set

from .samples import EXTRA, PLAIN, sample

INVALID_VALUE = "modelcompat_probe"
# Keys that Keras' base classes take, or once took, from their own **kwargs.
COMMON = (
    "activity_regularizer", "autocast", "batch_input_shape", "batch_shape", "batch_size", "build_config", "dtype",
    "dynamic", "experimental_autocast", "fn", "groups", "implementation", "input_dim", "input_dtype", "input_length",
    "input_shape", "input_spec", "input_tensor", "is_legacy_optimizer", "jit_compile", "lr", "decay", "clipnorm",
    "name", "optional", "quantization_config", "ragged", "reset_after", "seed", "sparse", "time_major", "trainable",
    "weights", "zero_output_for_mask", "reduction", "schedule_decay", "use_ema", "weight_decay", "loss_scale",
    "gradient_accumulation_steps", "loss_scale_factor", "renorm", "virtual_batch_size", "fused", "synchronized",
    "input_axes", "output_axes", "query_shape", "key_shape", "value_shape", "is_tensor", "use_bias_in_config",
)  # fmt: skip
REFUSALS = re.compile(r"(?:unexpected keyword argument|multiple values for (?:keyword )?argument) '(\w+)'")
LONG_TEXT = 200
NUMBERED = re.compile(r"_\d+$")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}$")


def probe_class(cls: Any, keras: Any, stop_at: Iterable[Any]) -> Dict[str, Any]:
    """What is known of rebuilding `cls` from a config.

    Args:
        cls: a class with `from_config`.
        keras: the public Keras module, to make values with.
        stop_at: Keras' base classes, whose `from_config` is nobody's own.
    """
    study: Dict[str, Any] = {"own_from_config": _has_own_from_config(cls, set(stop_at))}
    config = minimal_config(cls, keras)
    if config is None or _problem(cls, config) is not None:
        if not study["own_from_config"]:
            study.update(_by_signature(cls))
        if config is not None:
            study["writes"] = _written(config, cls, keras)
        return study
    refusal = _problem(cls, dict(config, **{INVALID_VALUE: None}))
    study["writes"] = _written(config, cls, keras)
    study["refuses_unknown"] = refusal is not None
    study["required"] = [key for key in sorted(config) if _is_required(cls, config, key)]
    if refusal is not None:
        study["accepts"] = sorted(
            key for key in _candidates(cls, config) if key in config or _is_taken(cls, config, key, refusal)
        )
    return study


def _written(config: Dict[str, Any], cls: Any, keras: Any) -> Dict[str, Any]:
    """A config as JSON; None for what another instance has otherwise, such as a seed that was drawn."""
    one, other = plain_config(config), plain_config(minimal_config(cls, keras))
    return {key: value if other.get(key) == value else None for key, value in one.items()}


def _has_own_from_config(cls: Any, bases: Set[Any]) -> bool:
    own = next((base for base in cls.__mro__ if "from_config" in vars(base)), None)
    return own is not None and own not in bases


def minimal_config(cls: Any, keras: Any) -> Optional[Dict[str, Any]]:
    """The config of an instance made with as few arguments as possible; None if none can be made."""
    configs = (_config_with(more, cls, keras) for more in [*EXTRA.get(cls.__name__, []), {}])
    return next((config for config in configs if isinstance(config, dict)), None)


def _config_with(more: Dict[str, Any], cls: Any, keras: Any) -> Any:
    try:
        arguments = {name: sample(name, cls.__name__, keras) for name in _required_parameters(cls)}
        arguments.update(more)
        return cls(**arguments).get_config()
    except Exception:  # noqa: BLE001 - a class that cannot be made is described by its signature
        return None


def _required_parameters(cls: Any) -> List[str]:
    return [each.name for each in _parameters(cls) if each.default is each.empty and _is_named(each)]


def _parameters(cls: Any) -> List[inspect.Parameter]:
    try:
        return list(inspect.signature(cls.__init__).parameters.values())[1:]
    except (TypeError, ValueError):
        return []


def _is_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def _by_signature(cls: Any) -> Dict[str, Any]:
    parameters = _parameters(cls)
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return {"required": sorted(_required_parameters(cls))}
    return {
        "required": sorted(_required_parameters(cls)),
        "accepts": sorted(each.name for each in parameters if _is_named(each)),
    }


def _problem(cls: Any, config: Dict[str, Any]) -> Optional[str]:
    """Why a config cannot be rebuilt: the text of the innermost exception; None if it can."""
    try:
        copied = _copied(config)
        # A class without from_config gets its config as arguments.
        cls.from_config(copied) if hasattr(cls, "from_config") else cls(**copied)
    except Exception as error:  # noqa: BLE001 - the text is what is asked for
        return " ".join(str(error).rsplit("Exception encountered:", 1)[-1].split()) or type(error).__name__
    return None


def _copied(value: Any) -> Any:
    """Copies of containers, whatever Keras made them of; the rest, which may not copy, as it is."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_copied(each) for each in value)
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _is_required(cls: Any, config: Dict[str, Any], key: str) -> bool:
    return _problem(cls, {name: value for name, value in config.items() if name != key}) is not None


def _is_taken(cls: Any, config: Dict[str, Any], key: str, refusal: str) -> bool:
    """Whether a key is taken: its value may be refused, as long as the key is not."""
    problem = _problem(cls, dict(config, **{key: _value(cls, key)}))
    if problem is None:
        return True
    if key in REFUSALS.findall(problem):
        return False
    # Refused is what is answered as nonsense is: the same text up to the key, or the same text without any.
    before, nonsense, _ = refusal.partition(INVALID_VALUE)
    return not (problem.startswith(before + key) if nonsense else problem == refusal)


def _value(cls: Any, key: str) -> Any:
    for base in cls.__mro__:
        for parameter in _parameters(base) if "__init__" in vars(base) else []:
            if parameter.name == key and parameter.default is not parameter.empty:
                return parameter.default
    return PLAIN.get(key)


def _candidates(cls: Any, config: Dict[str, Any]) -> Set[str]:
    """Every key that could be taken: parameters and texts in the code of constructors, and common keys."""
    names = set(config) | set(COMMON)
    for base in cls.__mro__:
        for method in ("__init__", "__new__", "from_config"):
            function = vars(base).get(method)
            code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
            if code is not None:
                names.update(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
                names.update(text for text in texts_in_code(code.co_consts) if IDENTIFIER.match(text))
    return names - {"self", "cls", "config", "custom_objects", "kwargs", "args"}


def texts_in_code(constants: Iterable[Any]) -> Iterator[str]:
    """Every text among the constants of a code object, and of those in it."""
    for each in constants:
        if isinstance(each, str):
            yield each
        elif isinstance(each, (tuple, frozenset)):
            yield from texts_in_code(each)
        elif hasattr(each, "co_consts"):
            yield from texts_in_code(each.co_consts)


def plain_config(value: Any, key: str = "") -> Any:
    """A config as JSON: what is none is the text `<its type>`; names lose the number Keras gave them."""
    if isinstance(value, dict):
        return {str(name): plain_config(each, str(name)) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_config(each) for each in value]
    if isinstance(value, str):
        # A long text is Python bytecode, which holds the path it was compiled at.
        text = NUMBERED.sub("", value) if key == "name" else str(value)
        return text if len(text) < LONG_TEXT else "<str>"
    if value is None or isinstance(value, (bool, int)):
        return value
    return _plain_number(value)


def _plain_number(value: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return repr(value) if isinstance(value, float) else "<{}>".format(type(value).__name__)
