"""What a model needs to go on training: its compile config and its optimizer's variables."""

import json
from typing import Any, Dict, Optional

from . import weights


def state(model: Any) -> Optional[Dict[str, Any]]:
    """Optimizer class, its config, loss and metrics as JSON, and digests of its variables; None if not compiled."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    variables = optimizer.variables
    variables = variables() if callable(variables) else variables
    return {
        "optimizer": type(optimizer).__name__,
        "config": _plain({key: value for key, value in optimizer.get_config().items() if key != "name"}),
        "compile": _plain(_compile_config(model)),
        "variables": sorted((_anonymous(variable) for variable in variables), key=str),
    }


def _anonymous(variable: Any) -> Dict[str, Any]:
    # Optimizer variables are named after a counter that differs between the saved model and its reload.
    entry = weights.digest(variable, "")
    del entry["path"]
    return entry


def _compile_config(model: Any) -> Dict[str, Any]:
    get = getattr(model, "get_compile_config", None)
    config = dict(get() or {}) if get is not None else {}
    config.pop("optimizer", None)
    return config


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str, sort_keys=True))
