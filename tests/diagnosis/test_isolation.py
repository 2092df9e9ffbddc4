"""Which exceptions come of the isolation, and which do not."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import Inventory
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.runtimes.isolation import Isolation
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFINED = Isolation("confined")
CHAINED = """Traceback (most recent call last):
  File "shop.py", line 1, in fetch
OSError: [Errno 101] Network is unreachable

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "shop.py", line 9, in fetch
RuntimeError: no weights
"""


def diagnosed(
    error: Mapping[str, str] | None, isolation: Isolation = CONFINED, code: int = 0, missing: tuple[str, ...] = ()
) -> Finding:
    loaded = LoadResult(ProcessExit(code), "load", error, isolation=isolation, not_isolated=missing)
    context = DiagnosisContext("model.keras", "keras", Inventory(Path("model.keras"), "keras", {}), {}, 60.0)
    return diagnose(loaded, context)


def raised(message: str, kind: str = "OSError", trace: str = "") -> dict[str, str]:
    return {"type": kind, "message": message, "traceback": trace}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (raised("[Errno 13] Permission denied: '{}/new'"), "was not allowed to write {}/new"),
        (raised("[Errno 30] Read-only file system: '{}/new'"), "was not allowed to write {}/new"),
        (raised("[Errno 1] Operation not permitted: '{}'"), "was not allowed to write {}"),
        (raised("[Errno 13] Permission denied: 'a' -> '{}/b'"), "was not allowed to write {}/b"),
        (raised("{}/x; Permission denied", "PermissionDeniedError"), "was not allowed to write {}/x"),
        (raised("{{{{function_node}}}} {}/x; Permission denied [Op:WriteFile]"), "was not allowed to write {}/x"),
        (raised("[Errno 13] Permission denied"), "was not allowed to write there"),
        (raised("<urlopen error [Errno 101] Network is unreachable>", "URLError"), "found no network"),
        (raised("[Errno -3] Temporary failure in name resolution", "gaierror"), "found no network"),
        (raised("no weights", "RuntimeError", CHAINED), "found no network"),
        (raised("[Errno 27] File too large"), "wrote more than a load needs, or than the disk has room for,"),
    ],
)
def test_what_comes_of_it_is_said_with_what_lifts_it(error: dict[str, str], said: str, tmp_path: Path) -> None:
    finding = diagnosed({**error, "message": error["message"].format(tmp_path)})
    assert finding.kind is Kind.STOPPED_BY_ISOLATION
    assert finding.cause.startswith(f"the loader {said.format(tmp_path)} while it loaded the artifact: the child that")
    assert finding.fix == ('if you trust the file: @pytest.mark.model_roundtrip(isolation="off")',)


@pytest.mark.parametrize(
    ("message", "isolation", "missing"),
    [
        ("[Errno 13] Permission denied: '/proc/version'", CONFINED, ()),
        ("[Errno 13] Permission denied: '{}/new'", CONFINED, ("files",)),
        ("[Errno 13] Permission denied: '{}/new'", Isolation(), ()),
        ("[Errno 101] Network is unreachable", CONFINED, ("network",)),
        ("[Errno 101] Network is unreachable", Isolation(), ()),
        ("[Errno 27] File too large", Isolation("off"), ()),
        ("[Errno 2] No such file or directory: 'nowhere.txt'", CONFINED, ()),
        ("permission was not given", CONFINED, ()),
    ],
)
def test_what_does_not_is_not_blamed_on_it(
    message: str, isolation: Isolation, missing: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, _mode: str(path).startswith(str(tmp_path)))
    found = diagnosed(raised(message.format(tmp_path)), isolation, missing=missing)
    assert found.kind is Kind.LOAD_FAILED


def test_a_file_of_the_current_folder_that_the_empty_one_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "words.txt").touch()
    monkeypatch.chdir(tmp_path)
    finding = diagnosed(raised("words.txt; No such file or directory", "NotFoundError"))
    assert "did not find words.txt, as its current folder is an empty one, while" in finding.cause


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="Windows has no such signals")
def test_a_signal_of_a_limit() -> None:
    assert "took more of the processor" in diagnosed(None, code=-signal.SIGXCPU).cause
    assert "wrote more than" in diagnosed(None, code=-signal.SIGXFSZ).cause


def test_a_machine_that_lacks_what_is_required() -> None:
    error = raised("files, network", "NotIsolatedError")
    loaded = LoadResult(ProcessExit(0), "start", error, isolation=CONFINED)
    context = DiagnosisContext("model.keras", "keras", Inventory(Path("model.keras"), "keras", {}), {}, 60.0)
    finding = diagnose(loaded, context)
    assert finding.kind is Kind.ISOLATION_MISSING
    assert finding.cause.endswith("no way to cut the loader off from: files, network")
    assert finding.fix[1].endswith('@pytest.mark.model_roundtrip(isolation="auto")')
