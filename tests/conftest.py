"""What the tests share: TensorFlow imported once, one loader for all inner sessions, real pytest runs."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import signal
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_modelcompat
from pytest_modelcompat.plugin.stash import SHARED_LOADER
from pytest_modelcompat.runtimes.process import LoaderProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTIFACTS = Path(__file__).resolve().parents[2] / "shared" / "artifacts"
NO_BROWSER = "no browser: "
MARKED_AS_A_WHOLE = "\npytestmark = pytest.mark.needs_tensorflow\n"


@pytest.fixture(scope="session")
def tensorflow() -> None:
    """What a fixture asks for that needs TensorFlow; so each test that uses it is marked with `needs_tensorflow`."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.fail('this needs TensorFlow; -m "not needs_tensorflow" leaves such tests out', pytrace=False)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that needs TensorFlow is marked itself, uses the fixture above, or loads models in other versions."""
    if "tensorflow" in getattr(item, "fixturenames", ()) or item.get_closest_marker("runtimes"):
        item.add_marker(pytest.mark.needs_tensorflow)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file that is marked as a whole may import TensorFlow at its top; where its tests are left out, so is it.

    Properties are tested where Hypothesis is installed.
    """
    if collection_path.name == "test_properties.py":
        return importlib.util.find_spec("hypothesis") is None or None
    if collection_path.suffix != ".py" or "not needs_tensorflow" not in config.option.markexpr:
        return None
    return MARKED_AS_A_WHOLE in collection_path.read_text(encoding="utf-8") or None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tests that were skipped because there is no browser are one visible line; here, so that xdist prints it too."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []) if report.longrepr]
    missing = [reason.partition(NO_BROWSER)[2] for reason in reasons if NO_BROWSER in reason]
    if missing:
        terminalreporter.line(f"{len(missing)} tests of pages were skipped: {missing[0]}", yellow=True)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell starts a background job with SIGINT ignored, nohup with SIGHUP, and children inherit that."""
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def loader(tensorflow: None) -> Iterator[LoaderProcess]:
    """A real loader; it imports TensorFlow while this process does."""
    loader = LoaderProcess()
    loader.start()
    import_for_inner_sessions()
    yield loader
    loader.close()


def import_for_inner_sessions() -> None:
    """Import what inner sessions would otherwise import and forget each time, TensorFlow and our own rooms alike.

    pytester takes modules that a session imported out of `sys.modules` again; what is half forgotten exists twice.
    """
    import tensorflow as tf

    assert tf.keras.layers.Dense
    for name in ("altair", "jinja2", "vl_convert"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(pytest_modelcompat.__path__, "pytest_modelcompat."):
        if ".loader." not in module.name or not module.name.endswith("__main__"):
            importlib.import_module(module.name)


class SharesLoader:
    """A plugin that gives inner sessions this process's loader, so that each need not import TensorFlow again."""

    def __init__(self, loader: LoaderProcess) -> None:
        self._loader = loader

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SHARED_LOADER] = self._loader


class Project:
    """A user's project in a folder of its own: write files, run pytest in it, look at what it left."""

    def __init__(self, pytester: pytest.Pytester, loader: LoaderProcess) -> None:
        self._pytester = pytester
        self._plugin = SharesLoader(loader)
        self.path = pytester.path

    def write(self, name: str, text: str) -> Path:
        """Write a file, dedented, and return its path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in this process, where TensorFlow is imported already."""
        return self._pytester.runpytest_inprocess(*arguments, plugins=[self._plugin])

    def record(self, *arguments: str) -> pytest.RunResult:
        """Record the goldens, which must succeed."""
        result = self.run("--modelcompat-update-golden", *arguments)
        assert result.ret == pytest.ExitCode.OK, result.stdout.str()
        return result

    def run_apart(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a process of its own, with a loader of its own: for what cannot be seen from inside."""
        return self._pytester.runpytest_subprocess(*arguments)


@pytest.fixture
def project(pytester: pytest.Pytester, loader: LoaderProcess, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty project, on no CI service as it seems: goldens may be recorded. No line is wrapped."""
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "400")
    return Project(pytester, loader)
