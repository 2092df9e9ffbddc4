"""Which functions of Keras' public API a model is made of, and which it is not, from the recorded profiles.

    python benchmarks/record_keras_functions.py

Writes `profiles/data/keras_functions.json`: the names of those that a model is made of, and the paths of the others
with the first and the last Keras in which a file can name them. Run it after `record_profiles.py`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.profiles.keras_functions import DATA
from pytest_modelcompat.profiles.store import KERAS_PART, read_history, read_part

if TYPE_CHECKING:
    from collections.abc import Iterator

# The namespaces of what models are made of; in `backend` stands much else, which has names in `config` and `utils` too.
_OF_MODELS = re.compile(
    r"keras\.(activations|constraints|dtype_policies|initializers|layers|losses|metrics|ops|optimizers|quantizers"
    r"|random|regularizers|tree|utils\.bounding_boxes|(_legacy\.)?backend)\b"
    r"|keras\.applications\.\w+\.(preprocess_input|decode_predictions)$"
    # Of arrays, arrays.
    r"|keras\.(utils|(_legacy\.)?preprocessing\.(image|sequence))\.(normalize|pad_sequences|(apply|random|to|(un)?pack)_\w+"
    r"|smart_resize|\w+_to_\w+)$"
)
_SETTINGS = re.compile(r"keras\.(config|utils|saving)\.")
# These look up by name, rebuild what a configuration describes, run something, or draw.
_TOOLS = re.compile(r"(get|serialize|deserialize)(_keras_object)?$|eval$|function$|load_data$|model_to_dot$")


def main() -> None:
    versions, _ = read_history(KERAS_PART)
    where: dict[str, list[str]] = {}
    for version in versions:
        for path in _functions(read_part(KERAS_PART, version)):
            where.setdefault(path, []).append(version)
    settings = {path.rpartition(".")[2] for path in where if _SETTINGS.match(path)}
    of_models = {path.rpartition(".")[2] for path in where if _is_of_models(path, settings)}
    others = {path: [since[0], since[-1]] for path, since in where.items() if path.rpartition(".")[2] not in of_models}
    data = {"of models": sorted(of_models), "others": others}
    DATA.write_text(json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(of_models)} names of what models are made of, {len(others)} paths of other functions")


def _functions(part: dict[str, Any]) -> Iterator[str]:
    for each in part["objects"].values():
        if not each["is_class"]:
            yield from each["paths"]


def _is_of_models(path: str, settings: set[str]) -> bool:
    name = path.rpartition(".")[2]
    if _TOOLS.match(name) or not _OF_MODELS.match(path):
        return False
    return "backend." not in path or name not in settings


if __name__ == "__main__":
    main()
