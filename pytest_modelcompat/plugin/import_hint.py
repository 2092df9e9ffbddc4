"""A test module that imports the project's own package where pytest does not look for it.

`--modelcompat-model shop.models:build` imports `shop` from where pytest is started; a test file elsewhere does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

MISSING = re.compile(r"ModuleNotFoundError: No module named '([A-Za-z_]\w*)")
TITLE = "modelcompat: how pytest finds the project's own package"


def add_hint(report: pytest.CollectReport, config: pytest.Config) -> None:
    """Say of a test module that could not be imported which line of the configuration finds what it imports."""
    found = MISSING.search(str(report.longrepr))
    folder = next(_folders_with(found.group(1), config.rootpath), None) if found is not None else None
    if found is None or folder is None:
        return
    is_ini = config.inipath is not None and config.inipath.suffix in (".ini", ".cfg")
    setting = f"pythonpath = {folder}" if is_ini else f'pythonpath = ["{folder}"]'
    table = {"pyproject.toml": "[tool.pytest.ini_options]", "setup.cfg": "[tool:pytest]"}
    file = config.inipath.name if config.inipath is not None else "pyproject.toml"
    text = (
        f"{found.group(1)!r} is in {config.rootpath / folder}, where pytest does not look for it. Install the project "
        f"(pip install -e .), or write into {file}:\n\n{table.get(file, '[pytest]')}\n{setting}"
    )
    report.sections.append((TITLE, text))


def _folders_with(name: str, root: Path) -> Iterator[str]:
    """The project's folder and those in it that hold a module of this name, in their order."""
    folders = [root, *sorted(each for each in root.iterdir() if each.is_dir() and not each.name.startswith("."))]
    for folder in folders:
        if (folder / f"{name}.py").is_file() or any((folder / name).glob("*.py")):
            yield folder.relative_to(root).as_posix()
