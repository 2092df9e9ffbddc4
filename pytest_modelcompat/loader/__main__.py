"""Starts the loader by path: `python path/to/loader`."""

import importlib.util
import sys
from pathlib import Path

NAME = "modelcompat_loader"


def start() -> None:
    """Import this folder as a package under a name of its own and serve, or try the isolation."""
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
    if sys.argv[1] == "--try-isolation":
        importlib.import_module(NAME + ".isolation_trial").main(sys.argv[2:])
    elif "--listen" in sys.argv:
        importlib.import_module(NAME + ".listener").main(sys.argv[1:])
    else:
        importlib.import_module(NAME + ".server").main(sys.argv[1:])


if __name__ == "__main__":
    start()
