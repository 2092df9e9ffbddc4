"""The runtimes that need no declaration: every TensorFlow since 2.4 by its name, with pins that work."""

from __future__ import annotations

from dataclasses import replace

from pytest_modelcompat.artifacts.versions import dotted
from pytest_modelcompat.runtimes.aliases import ALIASES
from pytest_modelcompat.runtimes.names import RuntimeName, base_name, parse_name
from pytest_modelcompat.runtimes.pins import LEGACY, PINS, Pins
from pytest_modelcompat.runtimes.runtime import Runtime


def builtin_runtime(name: str) -> Runtime:
    """The runtime of a name such as `tf2.15`, `tf2.16+keras3.10`, `tf2.21+tf_keras+py3.12`, `keras-nightly`.

    Raises:
        UnknownRuntimeError: it names none; the message says which is near.
    """
    parsed = parse_name(name)
    pins = _pins(parsed)
    python = dotted(parsed.python)
    return Runtime(name if name in ALIASES else str(parsed), python, pins.to_install(), env=pins.environment)


def _pins(name: RuntimeName) -> Pins:
    if name.plain in PINS:
        return PINS[name.plain]
    base = PINS[base_name(name.tensorflow)]
    if name.is_tf_keras:
        keras = f"tf_keras=={dotted(name.keras)}.*"
        return replace(base, requirements=(*base.requirements, keras), environment=LEGACY)
    others = (each for each in base.requirements if not each.startswith("keras=="))
    return replace(base, requirements=(f"keras=={dotted(name.keras)}.*", *others))
