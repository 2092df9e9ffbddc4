"""Stale goldens: those that no test claims any more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName


@dataclass(frozen=True)
class CollectedClaims:
    """What the tests of a project claim, as far as pytest saw them.

    Args:
        names: of the goldens.
        uncertain: folders of goldens in which a test may claim further ones: it does so only while it runs.
        collected: folders of goldens of every test file of which a test was collected.
    """

    names: frozenset[str]
    uncertain: frozenset[str]
    collected: frozenset[str]

    def is_stale(self, name: GoldenName, root: Path) -> bool:
        """Whether no test claims a golden, and none could that pytest did not see.

        Args:
            name: the golden's.
            root: the project's folder, pytest's rootdir.
        """
        return (
            str(name) not in self.names
            and not _belongs_to_no_test(name, root)
            and not self.uncertain_reason(name, root)
        )

    def uncertain_reason(self, name: GoldenName, root: Path) -> str:
        """Why a test may claim a golden though pytest saw none that does; empty where none can, or one does.

        Args:
            name: the golden's.
            root: the project's folder, pytest's rootdir.
        """
        if str(name) in self.names or _belongs_to_no_test(name, root):
            return ""
        folder = "/".join(name.folder)
        if folder in self.uncertain:
            return f"a test in {folder} uses the fixture model_roundtrip, and only running it shows what it claims"
        if folder not in self.collected and root.joinpath(*name.folder[:-1], f"{name.folder[-1]}.py").is_file():
            return f"pytest collected no test in {folder}.py"
        return ""

    def write(self, file: Path) -> None:
        """Write the claims as JSON: the lists `claims`, `unsure` and `collected`."""
        data = {"claims": self.names, "unsure": self.uncertain, "collected": self.collected}
        # A name can hold a lone surrogate, which JSON spells in ASCII.
        file.write_text(json.dumps({kind: sorted(names) for kind, names in data.items()}), encoding="ascii")

    @classmethod
    def read(cls, file: Path) -> CollectedClaims:
        """The claims that were written to a file."""
        data = json.loads(file.read_text(encoding="ascii"))
        return cls(*(frozenset(data[kind]) for kind in ("claims", "unsure", "collected")))


def _belongs_to_no_test(name: GoldenName, root: Path) -> bool:
    """Whether a golden is a builder's, or that of a model file which is there: pytest collects them when asked to."""
    return not name.folder or root.joinpath(*name.folder, name.name).exists()
