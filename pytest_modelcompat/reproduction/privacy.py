"""Texts without what is nobody else's business: folders of this machine, and values of secret variables."""

from __future__ import annotations

import os
import re
import site
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|(?:API|ACCESS|PRIVATE)_?KEY|_KEY$|AUTH", re.IGNORECASE)
_SHORTEST = 6
# Two folders and a name at least, where no URL goes on before it.
_ABSOLUTE = re.compile(r"(?<![\w.:/~…-])(?:[A-Za-z]:)?[\\/](?:[\w.@+ -]+[\\/])+([\w.@+-]+)")


def shareable(text: str, root: Path) -> str:
    """A text without absolute paths and without the values of variables of the environment that hold secrets.

    Args:
        text: any text.
        root: the project's folder; paths in it are relative to it.
    """
    for value in _secrets():
        text = text.replace(value, "***")
    for folder, shown in _folders(root):
        text = text.replace(folder + os.sep, shown)
    return _ABSOLUTE.sub(r"…/\1", text)


def _secrets() -> Iterator[str]:
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= _SHORTEST:
            yield value


def _folders(root: Path) -> list[tuple[str, str]]:
    """Folders of this machine with what stands for them, the longest first."""
    installed = {*site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    known = {str(root): "", **dict.fromkeys(installed, "site-packages/"), sysconfig.get_path("stdlib"): "python/"}
    known[str(Path(sys.prefix))] = "environment/"
    known[str(Path.home())] = "~/"
    return sorted(
        ((folder, shown) for folder, shown in known.items() if len(folder) > 1), key=lambda each: -len(each[0])
    )
