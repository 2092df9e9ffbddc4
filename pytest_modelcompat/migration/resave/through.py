"""The way through a runtime in between, which saves an artifact again so that edits can do the rest."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.artifact_plan import draft_plan
from pytest_modelcompat.migration.needs.ways import RUNTIME
from pytest_modelcompat.migration.output.hidden_folder import staging, sweep_staging
from pytest_modelcompat.migration.output.rewrite import copy_artifact
from pytest_modelcompat.migration.proof.evidence.attempts import LoadOptions
from pytest_modelcompat.migration.resave.saved_again import MOST_TRIED, formats_of, saved_again, through_runtimes
from pytest_modelcompat.results.migration import Way
from pytest_modelcompat.results.migration_command import CREATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.artifact_plan import ArtifactPlan
    from pytest_modelcompat.migration.proof.hosts import Host, Loaders
    from pytest_modelcompat.migration.request import MigrationRequest
    from pytest_modelcompat.migration.resave.saved_again import Resaved

# What a runtime in between writes where nobody asks for a format, if it and the target have it: it holds the most.
NEAREST = "keras"
SAVED_MODEL = "saved_model"


def load_options(request: MigrationRequest) -> LoadOptions:
    """How artifacts are loaded for a request."""
    return LoadOptions(request.declared, safe_mode=request.safe_mode, compile_model=request.compile_model)


def planned_through(made: ArtifactPlan, request: MigrationRequest, loaders: Loaders) -> ArtifactPlan:
    """A plan that names the runtime in between that is tried first; the same plan where there is none.

    Args:
        made: the plan of edits.
        request: what is asked for.
        loaders: of runtimes.
    """
    target = request.target_for(made.inventory)
    hosts = through_runtimes(made.inventory, target, options=load_options(request), may_create=loaders.may_create)
    host = next(hosts, None)
    if host is None:
        return _unhelped(made, request, loaders)
    written = formats_of(host, target, request.format or NEAREST)[0]
    plan = replace(
        made.plan,
        format=written,
        target=made.place.path("" if written == SAVED_MODEL else f".{written}"),
        way=Way.RESAVE,
        edits=(),
        through=host.name,
    )
    return replace(made, plan=plan)


@contextlib.contextmanager
def written_through(made: ArtifactPlan, request: MigrationRequest, loaders: Loaders) -> Iterator[ArtifactPlan]:
    """A plan on top of what a runtime in between has written, which is there inside; the same plan where none helps.

    Args:
        made: the plan of edits.
        request: what is asked for.
        loaders: of runtimes.
    """
    target = request.target_for(made.inventory)
    wanted = request.format or NEAREST
    temporary = Path(tempfile.gettempdir())
    sweep_staging(temporary)
    with staging(temporary) as folder:
        options = load_options(request)
        found = saved_again(made.inventory, target, loaders, folder, wanted=wanted, options=options)
        if found is not None and found.plan is None:
            yield _exported(made, found)
            return
        if found is None or found.plan is None or request.format not in ("", found.plan.draft.format):
            yield _unhelped(made, request, loaders)
            return
        again = draft_plan(found.inventory, request, made.place, found.plan)
        plan = replace(
            again.plan,
            path=made.plan.path,
            way=Way.RESAVE,
            through=found.through,
            findings=made.plan.findings,
            saved_by=made.plan.saved_by,
        )
        write = again.write or (lambda path: copy_artifact(found.inventory.path, path))
        yield replace(made, plan=plan, write=write)


def _unhelped(made: ArtifactPlan, request: MigrationRequest, loaders: Loaders) -> ArtifactPlan:
    """The same plan, which says what became of the way through a runtime, or how it is gone."""
    tried, others = (
        [host.name for host in _first(made, request, may_create=may_create)]
        for may_create in (loaders.may_create, True)
    )
    creates = others[0] if others and not tried else ""
    if tried:
        said = f"; {' and '.join(tried)} did not help"
    else:
        said = f": {creates} may, once it is created" if creates else "; no runtime is known that does"
    needs = tuple(
        replace(need, text=f"{need.text}{said}", options=(*need.options, CREATE) if creates else need.options)
        if need.way == RUNTIME
        else need
        for need in made.plan.needs
    )
    return replace(made, plan=replace(made.plan, needs=needs, creates=creates))


def _first(made: ArtifactPlan, request: MigrationRequest, *, may_create: bool) -> Iterator[Host]:
    """The runtimes that are tried."""
    target = request.target_for(made.inventory)
    hosts = through_runtimes(made.inventory, target, options=load_options(request), may_create=may_create)
    return islice(hosts, MOST_TRIED)


def _exported(made: ArtifactPlan, found: Resaved) -> ArtifactPlan:
    """The plan of a SavedModel that is taken as the runtime in between has written it."""
    plan = replace(
        made.plan,
        format="saved_model",
        target=made.place.path(""),
        way=Way.RESAVE,
        through=found.through,
        edits=(),
        needs=(),
    )
    return replace(made, plan=plan, write=partial(_copy_folder, found.inventory.path))


def _copy_folder(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
