"""Which test claims which golden."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.golden.golden import GoldenName


class Claims:
    """Which test claims which golden; two claiming one is an error, also where a file system ignores case."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, ...], tuple[str, str]] = {}

    def add(self, golden: GoldenName, owner: str) -> None:
        """Note a claim; an owner may repeat its own.

        Raises:
            SettingsError: another test claims it; the message names both.
        """
        from pytest_modelcompat.settings.checks import SettingsError

        known, name = self._owners.setdefault(golden.folded, (owner, str(golden)))
        if (known, name) != (owner, str(golden)):
            who = f"{known} and {owner} claim" if known != owner else f"{owner} claims"
            alike = f" (and {name}, the same on a file system that ignores case)" if name != str(golden) else ""
            raise SettingsError(f"{who} one golden twice, {golden}{alike}; give one of them another name=")
