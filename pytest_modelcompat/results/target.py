"""Target: a format in a runtime, of what is saved now or of a frozen artifact; each is one pytest item."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_modelcompat.runtimes import LOCAL


@dataclass(frozen=True)
class Target:
    """One way in which a case is checked.

    Args:
        format: the format of its artifact.
        runtime: where it is loaded.
        frozen: the label of the release whose artifact it is; empty for what the test saves now.
    """

    format: str
    runtime: str = LOCAL
    frozen: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is loaded in the runtime that pytest runs in."""
        return self.runtime == LOCAL

    def __str__(self) -> str:
        """What stands in a test's id: `h5`, `h5-tf2.15`, `h5:v1.2`, `h5:v1.2-tf2.15`."""
        frozen = f":{self.frozen}" if self.frozen else ""
        runtime = "" if self.is_local else f"-{self.runtime}"
        return f"{self.format}{frozen}{runtime}"
