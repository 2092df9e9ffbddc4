"""What one pytest session holds: resolved options, the loader, the goldens. Kept in `config.stash`."""

from __future__ import annotations

import os
import signal
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.plugin.claims import Claims
from pytest_modelcompat.plugin.options import command_line_layer, forks, golden_root, ini_layer
from pytest_modelcompat.plugin.stash import SESSION, SHARED_LOADER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.compatibility.unsafe.acceptance import Acceptance
    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.golden.release_store import Frozen
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.failed_target import FailureKeeper
    from pytest_modelcompat.roundtrip.extensions import Extensions
    from pytest_modelcompat.roundtrip.session_context import SessionContext
    from pytest_modelcompat.runtimes.config import RuntimeConfig
    from pytest_modelcompat.runtimes.pool import LoaderPool
    from pytest_modelcompat.runtimes.shared_loaders import SharedLoaders
    from pytest_modelcompat.runtimes.waits import Waits
    from pytest_modelcompat.settings.expected_failures import ExpectedFailure
    from pytest_modelcompat.settings.settings import OptionLayer


class Session:
    """One session's options, runtimes, claims and loaders; a loader is made when the first target needs it.

    Raises:
        pytest.UsageError: an option on the command line or in the ini file is wrong.
    """

    def __init__(self, config: pytest.Config) -> None:
        from pytest_modelcompat.plugin.marked_tests import MarkedTests
        from pytest_modelcompat.runtimes.config import RuntimeConfigError
        from pytest_modelcompat.settings.checks import SettingsError
        from pytest_modelcompat.settings.settings import check_options

        self._config = config
        try:
            self.layers: tuple[OptionLayer, OptionLayer] = (command_line_layer(config), ini_layer(config))
            for layer in self.layers:
                check_options(layer)
            self._forks = forks(config)
            self.runtimes, self.expected = _declared(config.rootpath)
            self._check_command_line()
        except (SettingsError, RuntimeConfigError) as error:
            raise pytest.UsageError(f"modelcompat: {error}") from None
        self.updating = bool(config.getoption("modelcompat_update_golden"))
        if self.updating and os.environ.get("CI") and not config.getini("modelcompat_update_in_ci"):
            raise pytest.UsageError(
                "modelcompat: --modelcompat-update-golden is refused because the environment variable CI is set: a "
                "check that rewrites its own goldens can never fail; update on a developer's machine, or set "
                "modelcompat_update_in_ci = true in the ini file"
            )
        self.label = _label(config)
        self.claims = Claims()
        self.marked_tests = MarkedTests(self.layers)
        self.cut_short = False
        _interrupt_on_sigterm(config)
        self.golden_root = golden_root(config)
        self._loaders: LoaderPool | None = None
        self._context: SessionContext | None = None
        self._extensions: Extensions | None = None
        self._frozen: Mapping[GoldenName, tuple[Frozen, ...]] | None = None

    def _check_command_line(self) -> None:
        """Refuse a runtime that nobody knows where its name was just typed; elsewhere its targets fail."""
        from pytest_modelcompat.runtimes.names import UnknownRuntimeError
        from pytest_modelcompat.settings.checks import SettingsError

        try:
            for name in self.layers[0].options.get("runtimes", ()):
                self.runtimes.get(name)
        except UnknownRuntimeError as error:
            raise SettingsError(f"command line: --modelcompat-runtime: {error}") from None

    @classmethod
    def of(cls, config: pytest.Config) -> Session:
        """The session of a config, made when it is first asked for."""
        session: Session | None = config.stash.get(SESSION, None)
        if session is None:
            session = config.stash[SESSION] = cls(config)
            config.add_cleanup(session.close)
        return session

    @cached_property
    def waits(self) -> Waits:
        """Shows what takes long, where somebody looks at a terminal."""
        from pytest_modelcompat.plugin.wait_terminal import waits_of

        return waits_of(self._config)

    def prefetch(self) -> None:
        """Start a loader in the background; it imports TensorFlow while pytest is still busy.

        That of the first runtime asked for on the command line or in the ini file: to start them all at once would
        take the processor and the memory from the tests.
        """
        from pytest_modelcompat.runtimes import LOCAL

        if not self._config.option.collectonly:
            asked = next((layer.options["runtimes"] for layer in self.layers if "runtimes" in layer.options), (LOCAL,))
            self.loaders().prefetch(asked[0], threads_per_worker())

    def loaders(self) -> LoaderPool:
        """The session's loaders."""
        if self._loaders is None:
            from pytest_modelcompat.runtimes.pool import LoaderPool

            local = self._config.stash.get(SHARED_LOADER, None)
            self._loaders = LoaderPool(
                self.runtimes, fork=self._forks, local=local, waits=self.waits, shared=_shared(self._config)
            )
        return self._loaders

    def frozen(self) -> Mapping[GoldenName, tuple[Frozen, ...]]:
        """What releases have frozen, by the golden it belongs to, as it was when the session started."""
        if self._frozen is None:
            from pytest_modelcompat.golden.release_store import ReleaseStore

            self._frozen = ReleaseStore(self.golden_root).by_case() if self.golden_root.is_dir() else {}
        return self._frozen

    def context(self) -> SessionContext:
        """What every target of the session shares."""
        if self._context is None:
            from pytest_modelcompat.golden.release_store import ReleaseStore
            from pytest_modelcompat.golden.store import GoldenStore
            from pytest_modelcompat.roundtrip.freeze import ReleaseFreezer
            from pytest_modelcompat.roundtrip.session_context import SessionContext

            keep = self._config.getoption("modelcompat_keep")
            store = GoldenStore(self.golden_root)
            self._context = SessionContext(
                loaders=self.loaders(),
                store=store,
                root=self._config.rootpath,
                freezer=ReleaseFreezer(ReleaseStore(self.golden_root), store, self.label),
                updating=self.updating,
                keep=_made(Path(keep).absolute()) if keep else None,
                keeper=_keeper(self._config),
                accepted=_accepted(self._config),
                threads=threads_per_worker(),
                reports=bool(self._config.getoption("modelcompat_report")),
                waits=self.waits,
                migration=_edits_answer,
                in_order=bool(self._config.getoption("modelcompat_in_order")),
                attempts=[] if self._config.getoption("usepdb", False) else None,
            )
        return self._context

    def extensions(self) -> Extensions:
        """What the project's hooks add.

        Raises:
            HookFailedError: one of them raises.
        """
        if self._extensions is None:
            from pytest_modelcompat.plugin.extensions import extensions_of

            self._extensions = extensions_of(self._config)
        return self._extensions

    def close(self) -> None:
        """End the session's own loaders."""
        if self._loaders is not None:
            self._loaders.close()
        self._loaders = None


def _edits_answer(inventory: Inventory, profile: Profile, custom: frozenset[str], safe_mode: bool) -> bool:
    """Whether edits make an artifact load in a runtime, as far as a static read can tell."""
    from pytest_modelcompat.migration.artifact_plan import edits_answer
    from pytest_modelcompat.migration.target import Target

    return edits_answer(inventory, Target(profile, dict(inventory.saved_by), custom, safe_mode=safe_mode))


def _shared(config: pytest.Config) -> SharedLoaders | None:
    """The loader that the workers of one run share, or that outlives the session where that is asked for."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "") if hasattr(config, "workerinput") else ""
    if not run and not config.getoption("modelcompat_loader_server"):
        return None
    from pytest_modelcompat.runtimes.shared_loaders import SharedLoaders

    return SharedLoaders("" if config.getoption("modelcompat_loader_server") else run)


def _interrupt_on_sigterm(config: pytest.Config) -> None:
    """End a session that is asked to terminate as Ctrl-C does, with its loaders and folders.

    Not where somebody else handles the signal, and not a worker of pytest-xdist, which is replaced when it dies.
    """
    is_free = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and not hasattr(config, "workerinput")
    if not is_free or threading.current_thread() is not threading.main_thread():
        return

    def interrupt(number: int, _: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    def let_go() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, interrupt)
    config.add_cleanup(let_go)


def is_complete(config: pytest.Config, exitstatus: int) -> bool:
    """Whether a session ran to its end, so that every test which was to run has had its turn.

    Args:
        config: pytest's.
        exitstatus: the session's, when it has finished.
    """
    ended = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
    session = config.stash.get(SESSION, None)
    return exitstatus in ended and not (session is not None and session.cut_short)


def _label(config: pytest.Config) -> str:
    """The label to freeze this session's artifacts under; empty for none.

    Raises:
        pytest.UsageError: it cannot be one.
    """
    label = config.getoption("modelcompat_freeze")
    if label is None:
        return ""
    from pytest_modelcompat.golden.release_store import label_problem

    problem = label_problem(label)
    if problem:
        raise pytest.UsageError(f"modelcompat: --modelcompat-freeze: the label {label!r} {problem}")
    return str(label)


def _declared(root: Path) -> tuple[RuntimeConfig, tuple[ExpectedFailure, ...]]:
    """What the project's pyproject.toml declares: its runtimes, and the targets that are known to fail.

    Raises:
        RuntimeConfigError: it cannot be understood.
    """
    from pytest_modelcompat.runtimes.config import (
        RuntimeConfig,
        RuntimeConfigError,
        find_pyproject,
        runtimes_of,
        tool_table,
    )
    from pytest_modelcompat.settings.expected_failures import (
        EXPECTED_FAILURES_TABLE,
        ExpectedFailureError,
        read_expected,
    )

    file = find_pyproject(root)
    if file is None:
        return RuntimeConfig(), ()
    try:
        tool = tool_table(file)
        return runtimes_of(tool, file), read_expected(tool.get("expected_failures", []), file.name)
    except ExpectedFailureError as error:
        raise RuntimeConfigError(f"{file}: {EXPECTED_FAILURES_TABLE}: {error}") from None


def _accepted(config: pytest.Config) -> Acceptance:
    """The unsafe content of artifacts that the ini file's baseline accepts."""
    from pytest_modelcompat.compatibility.unsafe.acceptance import Acceptance, AcceptanceError, read_baseline

    name = str(config.getini("modelcompat_baseline"))
    try:
        return Acceptance({}, read_baseline(config.rootpath / name), name) if name else Acceptance()
    except AcceptanceError as error:
        message = f"modelcompat: ini: option 'modelcompat_baseline': {error}"
        raise pytest.fail.Exception(message, pytrace=False) from None


def _keeper(config: pytest.Config) -> FailureKeeper | None:
    """What keeps failures: that of --modelcompat-keep, or in CI that of the ini file."""
    flag = config.getoption("modelcompat_keep")
    ini = str(config.getini("modelcompat_keep_failures")) if os.environ.get("CI") else ""
    if not flag and not ini:
        return None
    from pytest_modelcompat.reproduction.keeper import FolderKeeper

    home = Path(flag).absolute() if flag else config.rootpath / ini
    return FolderKeeper(_made(home), config.rootpath, has_artifacts=bool(flag))


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"modelcompat: the folder {folder} of kept artifacts cannot be made: {error.strerror}"
        raise pytest.fail.Exception(message, pytrace=False) from None
    return folder


def threads_per_worker() -> int:
    """Threads for a loader's child: a fair share of the cores under pytest-xdist, else 0 (TensorFlow's default)."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return max(1, (os.cpu_count() or 1) // workers) if workers > 1 else 0
