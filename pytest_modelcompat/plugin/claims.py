"""Which test claims which golden, and all claims as a file: `modelcompat golden prune` reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from pytest_modelcompat.golden.golden import GoldenName


def write_claims(items: Sequence[pytest.Item], root: Path, file: Path) -> None:
    """Write what the tests that were collected claim.

    Args:
        items: all of them, with the claims that were noted on the model tests.
        root: the project's folder.
        file: where to: a JSON object with `claims`, the names of goldens; `unsure`, the folders in which tests
            claim further ones while they run; and `collected`, the folders of goldens of every module with a test.
    """
    from pytest_modelcompat.report import user_properties

    modules = {item.path.with_suffix("") for item in items if item.path.is_relative_to(root)}
    claims = {
        "claims": {name for item in items for name in user_properties.claims(item.user_properties)},
        "unsure": {
            folder for item in items for folder in user_properties.uncertain_folders(item.user_properties, passed=False)
        },
        "collected": {module.relative_to(root).as_posix() for module in modules},
    }
    text = json.dumps({kind: sorted(names) for kind, names in claims.items()})
    # A name can hold a lone surrogate, which JSON spells in ASCII.
    file.write_text(text, encoding="ascii")


class Claims:
    """Which test claims which golden; two claiming one is an error, also where a file system ignores case."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, ...], tuple[str, str]] = {}

    def add(self, golden: GoldenName, owner: str) -> None:
        """Note a claim; an owner may repeat its own.

        Raises:
            SettingsError: another test claims it; the message names both.
        """
        from pytest_modelcompat.settings.settings import SettingsError

        known, name = self._owners.setdefault(golden.folded, (owner, str(golden)))
        if (known, name) != (owner, str(golden)):
            who = f"{known} and {owner} claim" if known != owner else f"{owner} claims"
            alike = f" (and {name}, the same on a file system that ignores case)" if name != str(golden) else ""
            raise SettingsError(f"{who} one golden twice, {golden}{alike}; give one of them another name=")
