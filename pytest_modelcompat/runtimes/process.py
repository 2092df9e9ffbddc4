"""The process of a loader, in the interpreter that pytest runs in or in another one of this machine."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.loader.confinement import LIMITED
from pytest_modelcompat.runtimes.connection import ConnectedLoader, connect
from pytest_modelcompat.runtimes.loader_pipe import (
    LoaderDiedError,
    LoaderRequest,
    end_group,
    ending_of,
    opened,
    read_line,
    wait_for,
    warmth,
)
from pytest_modelcompat.runtimes.protocol import Job, LoadResult, ProcessExit, read_answer, tail, write_job
from pytest_modelcompat.runtimes.runtime import variables_for
from pytest_modelcompat.runtimes.saved_copy import take
from pytest_modelcompat.runtimes.scratch import ScratchFolder, remove_tree
from pytest_modelcompat.runtimes.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LOADER = Path(__file__).resolve().parents[1] / "loader"
START_TIMEOUT = 300.0
GRACE = 15.0
END_TIMEOUT = 2.0
_SIGKILL = -9
_NO_START = {
    errno.ENOENT: "it does not exist any more, or the interpreter named in its first line does not",
    errno.ENOEXEC: "it is neither a program for this system and processor nor a script that names its interpreter",
}


class LoaderUnavailableError(Exception):
    """The loader cannot be started: TensorFlow cannot be imported there, or the process ended before it was.

    Args:
        message: what the exception there said, or the system; empty for a process that just ended.
        kind: the exception's class there; empty where there was no process to raise one.
        process_exit: how the process ended, where it did.
        log: the end of what it printed.
    """

    def __init__(self, message: str, kind: str = "", process_exit: ProcessExit | None = None, log: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.process_exit = process_exit
        self.log = log


class NoSpaceError(Exception):
    """The disk has no space for the files of a job; says what the system said."""


@dataclass(frozen=True)
class SubmittedJob:
    """A job that was handed over.

    Args:
        job: it.
        request: as the loader is asked for it.
        was_asked: whether the loader was there to be asked.
    """

    job: Job
    request: LoaderRequest
    was_asked: bool


class LoaderProcess:
    """One loader for a session: started early, used by every job, gone at `close`.

    Args:
        fork: whether the loader forks a child for each job; otherwise each job gets a new process. Forking is
            known to be safe on Linux only: macOS frameworks do not survive it, Windows has none.
        environment: variables to set for the loader on top of this process's.
        python: another interpreter to run it in; its jobs keep the `sys.path` of that one instead of this process's,
            and it gets no variable that says where this one finds modules, or which Keras it takes.
        sys_path: what goes before that on its jobs' `sys.path`.
        name: of its runtime.
        waits: shows that it is waited for.
        shared: the socket of a loader that other sessions use as well; while there is one, no process is started.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        fork: bool | None = None,
        environment: Mapping[str, str] | None = None,
        python: Path | None = None,
        sys_path: Sequence[str] = (),
        name: str = "local",
        waits: Waits | None = None,
        shared: Path | None = None,
    ) -> None:
        self._name, self._waits = name, waits or Waits()
        self._shared = shared
        self._python = python
        self._sys_path = sys_path
        self.forks = sys.platform.startswith("linux") if fork is None else fork
        self._scratch = ScratchFolder.make()
        self.folder = self._scratch.path
        own = environment or {}
        self._environment = {**os.environ, **own} if python is None else variables_for(own)
        self._process: subprocess.Popen[str] | ConnectedLoader | None = None
        self._ready = False
        self._jobs = 0
        self._unavailable: LoaderUnavailableError | None = None

    def start(self) -> None:
        """Start importing TensorFlow in the background; does nothing if that has begun or is not of use.

        Raises:
            LoaderUnavailableError: its interpreter is none that runs here, or an earlier start has failed.
        """
        if self._unavailable is not None:
            raise self._unavailable
        if self.forks and self._process is None:
            self._process = self._connected() or self._launch()
            self._ready = False

    def get_ready(self, threads: int) -> None:
        """Have a child get ready for the first job as soon as TensorFlow is imported.

        Args:
            threads: as that job will have them.
        """
        if self._process is not None:
            # A loader that is gone already is met where it is waited for.
            with contextlib.suppress(OSError):
                opened(self._process.stdin).write(json.dumps({"warm": warmth(LIMITED, threads)}) + "\n")
                opened(self._process.stdin).flush()

    def run(self, job: Job) -> LoadResult:
        """Load and call one artifact in a fresh process.

        Args:
            job: what to do.

        Raises:
            LoaderUnavailableError: TensorFlow cannot be imported there, or the loader does not start. It is said
                again of every further job at once: what takes seconds to fail would not fare better.
            NoSpaceError: the job cannot be handed over.
        """
        return self.result(self.submit(job))

    def submit(self, job: Job) -> SubmittedJob:
        """Hand a job over, which begins when the loader is ready; without a fork it begins in `result`.

        Args:
            job: what to do; only one at a time.

        Raises:
            LoaderUnavailableError, NoSpaceError: as `run`.
        """
        if self._unavailable is not None:
            raise self._unavailable
        self._jobs += 1
        folder = self.folder / f"job-{self._jobs}"
        try:
            # A job may have removed what is in the folder for temporary files.
            folder.mkdir(parents=True)
            path = [*self._sys_path] if self._python else [*self._sys_path, *sys.path]
            absolute = [str(Path(entry).absolute()) for entry in path]
            with _on_disk():
                room = job.isolation.room(job.artifact, folder)
                write_job(job, folder, absolute, room=room, own_path=self._python is not None)
            warm = warmth(job.isolation.level, job.threads)
            request = LoaderRequest(folder, job.timeout, job.isolation.memory, job.isolation.disk(room), warm)
            return SubmittedJob(job, request, was_asked=self.forks and self._ask(request))
        except BaseException:
            remove_tree(folder)
            raise

    def result(self, submitted: SubmittedJob) -> LoadResult:
        """Wait for a job and read its answer.

        Args:
            submitted: what `submit` gave.

        Raises:
            LoaderUnavailableError: as `run`.
        """
        job, request = submitted.job, submitted.request
        try:
            with self._waits.on(f"loading and calling {job.artifact.name} in {self._name}"):
                process_exit = self._forked_exit(submitted) if self.forks else self._run_alone(request)
            if job.saved_as is not None:
                take(request.folder, *job.saved_as)
            declared = (*job.declared.imports, *job.declared.op_libraries)
            return replace(read_answer(request.folder, process_exit), declared=declared, isolation=job.isolation)
        finally:
            remove_tree(request.folder)

    def discard(self, submitted: SubmittedJob) -> None:
        """Let a job end whose answer nobody needs.

        Args:
            submitted: what `submit` gave.
        """
        if self.forks:
            self._awaited(submitted.request, was_asked=submitted.was_asked)
        remove_tree(submitted.request.folder)

    def close(self) -> None:
        """End the loader and everything it started, and remove its folder."""
        self._stop()
        self._scratch.remove()

    @property
    def _log(self) -> Path:
        return self.folder / "loader.log"

    def _connected(self) -> ConnectedLoader | None:
        """A part of the shared loader; one that is gone is not looked for again."""
        address, self._shared = self._shared, None
        return connect(address, self._log, self._environment) if address is not None else None

    def _launch(self, *arguments: str) -> subprocess.Popen[str]:
        python = str(self._python or sys.executable)
        try:
            with self._log.open("wb") as log:
                return subprocess.Popen(
                    [python, str(LOADER), str(self._log), *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    env=self._environment,
                    start_new_session=os.name == "posix",
                )
        except OSError as error:
            why = _NO_START.get(error.errno or 0, error.strerror or str(error))
            raise self._failed(LoaderUnavailableError(f"{python}: {why}")) from None

    def _failed(self, error: LoaderUnavailableError) -> LoaderUnavailableError:
        """An error to raise, remembered unless something from outside has killed the process, which may end."""
        if error.process_exit is None or error.process_exit.timed_out or error.process_exit.code != _SIGKILL:
            self._unavailable = error
        return error

    def _forked_exit(self, submitted: SubmittedJob) -> ProcessExit:
        request = submitted.request
        process_exit = self._awaited(request, was_asked=submitted.was_asked)
        if process_exit.code < 0 and not (request.folder / "log.txt").exists():
            # The loader died before it took up this job, which is none of the job's doing.
            process_exit = self._awaited(request, was_asked=self._ask(request))
        return process_exit

    def _ask(self, request: LoaderRequest) -> bool:
        """Ask the loader for a job; whether it was still there to be asked."""
        self.start()
        assert self._process is not None  # noqa: S101 - start() has just made it
        try:
            opened(self._process.stdin).write(request.line())
            opened(self._process.stdin).flush()
        except OSError:
            return False
        return True

    def _awaited(self, request: LoaderRequest, *, was_asked: bool) -> ProcessExit:
        """How a job ended; if the loader is gone instead, how that ended."""
        process = self._process
        assert process is not None  # noqa: S101 - it was asked
        child: dict[str, Any] = {}
        reply = None
        with contextlib.suppress(OSError, LoaderDiedError):
            self._await_ready(process)
            if was_asked:
                child = read_line(process, request.timeout + GRACE, wanted="child")
                reply = read_line(process, request.timeout + GRACE)
        ended = ending_of(reply)
        if ended is not None:
            return ended
        process_exit = ProcessExit(self._stop(), timed_out=False)
        # The job's group is not the loader's, which can no longer end it.
        end_group(child.get("child"))
        return process_exit

    def _await_ready(self, process: subprocess.Popen[str] | ConnectedLoader) -> None:
        if not self._ready:
            self._await_greeting(process)
            self._ready = True

    def _await_greeting(self, process: subprocess.Popen[str] | ConnectedLoader) -> None:
        """Wait until TensorFlow is imported there.

        Raises:
            LoaderUnavailableError: it cannot be, or the process ended meanwhile.
        """
        started = time.monotonic()
        try:
            with self._waits.on(f"importing TensorFlow in the loader of {self._name}"):
                greeting = read_line(process, START_TIMEOUT, wanted="ready")
        except LoaderDiedError:
            code = self._stop()
            seconds = time.monotonic() - started
            process_exit = ProcessExit(code, timed_out=seconds >= START_TIMEOUT, seconds=round(seconds, 4))
            raise self._failed(LoaderUnavailableError("", process_exit=process_exit, log=tail(self._log))) from None
        if isinstance(process, ConnectedLoader):
            process.greeted(greeting)
        if not greeting["ready"]:
            self._stop()
            failure = greeting["failure"]
            raise self._failed(LoaderUnavailableError(failure["message"], failure["type"]))

    def _run_alone(self, request: LoaderRequest) -> ProcessExit:
        started = time.monotonic()
        process = self._process = self._launch(str(request.folder))
        stopped_by = ""
        try:
            self._await_greeting(process)
            stopped_by = wait_for(process, request)
        finally:
            code = self._stop()
        seconds = round(time.monotonic() - started, 4)
        return ProcessExit(code, stopped_by == "time", seconds=seconds, stopped_by=stopped_by)

    def _stop(self) -> int:
        """End the loader's process group; the loader's exit code, negative for a signal."""
        process, self._process = self._process, None
        if process is None:
            return 0
        code = process.poll()
        # The end of its input ends the loader and what its jobs have left behind, which a signal to its group may miss.
        with contextlib.suppress(OSError):
            opened(process.stdin).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_TIMEOUT)
        end_group(process.pid)
        with contextlib.suppress(OSError):
            opened(process.stdout).close()
        return process.wait() if code is None else code


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpaceError(str(error)) from None
        raise
