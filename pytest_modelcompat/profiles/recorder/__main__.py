"""Starts the recorder by path: `python path/to/recorder --out prod.json`."""

import importlib.util
import sys
from pathlib import Path

NAME = "modelcompat_recorder"


def start() -> None:
    """Import this folder as a package under a name of its own and record."""
    folder = Path(__file__).resolve().parent
    # Started by path, Python puts this folder first on sys.path, where its modules would shadow the user's.
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != folder]
    spec = importlib.util.spec_from_file_location(
        NAME, str(folder / "__init__.py"), submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - it is the folder we run from
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    importlib.import_module(NAME + ".record").main(sys.argv[1:])


if __name__ == "__main__":
    start()
