"""Paths as a service that shows source files wants them: relative to the repository, wherever pytest runs in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What CI services set to the folder that they check out into. A repository may be in a folder below it.
# https://docs.github.com/en/actions/reference/workflows-and-actions/variables,
# https://docs.gitlab.com/ci/variables/predefined_variables/.
_WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


@dataclass(frozen=True)
class Repository:
    """A project in its repository.

    Args:
        root: the repository's folder.
        project: the project's folder, to which the paths of a report are relative.
    """

    root: Path
    project: Path

    def path_of(self, file: str) -> str:
        """A file as the repository has it; empty where it is in none of its folders.

        Args:
            file: relative to the project, or absolute.
        """
        absolute = Path(os.path.normpath(self.project / file))
        paths = (absolute, absolute.resolve())
        return next((path.relative_to(self.root).as_posix() for path in paths if path.is_relative_to(self.root)), "")


def repository_of(project: Path, environment: Mapping[str, str]) -> Repository:
    """The repository that a project is in, which is the project's folder where no other is known.

    Args:
        project: the folder that a report's paths are relative to.
        environment: the variables of this process.
    """
    folder = project.resolve()
    above = (folder, *folder.parents)
    for name in _WORKSPACES:
        given = environment.get(name, "")
        workspace = Path(given).resolve() if given else None
        if workspace in above:
            inside = above[: above.index(workspace) + 1]
            # The outermost: a submodule has a file of this name, and its repository is the one around it.
            return Repository(next((each for each in reversed(inside) if (each / ".git").is_dir()), workspace), folder)
    return Repository(next((each for each in above if (each / ".git").exists()), folder), folder)
