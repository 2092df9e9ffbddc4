"""The command as a whole: what it says of itself, what it takes, how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat import cli
from pytest_modelcompat.cli import COMMANDS
from pytest_modelcompat.cli.exit_codes import PytestExitCode

RUNTIMES = ("runtimes create", "runtimes list", "runtimes remove")
PROJECT = Path(cli.__file__).resolve().parents[2]


class TestHelp:
    def test_lists_every_command(self, modelcompat: Any) -> None:
        result = modelcompat("--help")
        assert result.code == 0
        for command, does in COMMANDS.items():
            assert f"{command} " in result.out
            assert does in result.out

    @pytest.mark.parametrize("command", [*COMMANDS, "profile list", "profile show", "profile record", *RUNTIMES])
    def test_of_every_command(self, modelcompat: Any, command: str) -> None:
        result = modelcompat(*command.split(), "-h")
        assert result.code == 0
        assert f"modelcompat {command}" in result.out

    @pytest.mark.parametrize("command", [*COMMANDS, "profile record", *RUNTIMES])
    def test_names_no_option_that_the_documentation_does_not(self, modelcompat: Any, command: str) -> None:
        documented = (Path(__file__).parents[2] / "docs/commands.md").read_text(encoding="utf-8")
        options = re.findall(r"--[a-z-]+", modelcompat(*command.split(), "-h").out)
        assert f"## modelcompat {command.split(maxsplit=1)[0]}" in documented
        assert {option for option in options if option not in documented} <= {"--help"}

    def test_is_shown_where_nothing_is_asked(self, modelcompat: Any) -> None:
        result = modelcompat()
        assert result.code == 2
        assert result.out.startswith("usage:")

    def test_version(self, modelcompat: Any) -> None:
        result = modelcompat("--version")
        assert (result.code, result.out.startswith("modelcompat ")) == (0, True)


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ("inspcet a.h5", "there is no command inspcet; did you mean 'inspect'?"),
            ("frobnicate", "there is no command frobnicate; see modelcompat -h"),
            ("check a.h5 --runtmie tf2.15", "there is no option --runtmie; did you mean '--runtime'?"),
            ("check a.h5 --sraif --runtime tf2.15", "did you mean '--sarif'?"),
            ("check a.h5 --rutime=tf2.15", "there is no option --rutime; did you mean '--runtime'?"),
            ("check a.h5 -runtime tf2.15", "there is no option -runtime; did you mean '--runtime'?"),
            ("inspect -json a.h5", "there is no option -json; did you mean '--json'?"),
            ("check a.h5", "name a runtime to judge for, such as --runtime tf2.21"),
            ("check a.h5 --runtime 2.15", "did you mean 'tf2.15'?"),
            ("check a.h5 --runtime nowhere.json", "the profile nowhere.json cannot be read: No such file or directory"),
            ("check --runtime tf2.15", "PATH"),
            ("check a.h5 --json --sarif --runtime tf2.15", "choose one"),
            ("inspect", "PATH"),
            ("diff a.h5", "B"),
            ("profile lits", "did you mean 'list'?"),
            ("profile show", "NAME"),
            ("profile show tf9.9", "tf9.9"),
        ],
    )
    def test_is_one_sentence_and_exit_code_2(self, modelcompat: Any, arguments: str, said: str) -> None:
        result = modelcompat(*arguments.split())
        assert result.code == 2
        assert result.out == ""
        assert result.err.startswith("modelcompat: ")
        assert said in result.err
        assert result.err.count("\n") == 1


class TestEnding:
    def test_of_the_pytest_it_runs(self) -> None:
        assert {code.name: code.value for code in PytestExitCode}.items() <= {
            code.name: code.value for code in pytest.ExitCode
        }.items()

    def test_in_a_pipe_that_closes(self, tmp_path: Path) -> None:
        """`modelcompat inspect ... | head -1`: what stays unread is no error worth a word."""
        many = [str(tmp_path / f"missing{number}.h5") for number in range(3000)]
        command = [sys.executable, "-m", "pytest_modelcompat.cli", "inspect", "--json", *many]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait() == 141
        assert "Traceback" not in said
        assert "BrokenPipe" not in said

    def test_by_ctrl_c(self, tmp_path: Path) -> None:
        started = tmp_path / "started"
        code = (
            "import sys, pathlib, time\n"
            "from pytest_modelcompat import cli\n"
            "from pytest_modelcompat.cli import inventories\n"
            f"inventories.find_artifacts = lambda _: (pathlib.Path({str(started)!r}).touch(), time.sleep(60))\n"
            "sys.exit(cli.main(['inspect', 'x']))"
        )
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, env=environment(), text=True)
        while not started.exists():
            assert process.poll() is None, process.stderr
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert (process.returncode, said) == (130, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
    def test_on_a_full_disk(self) -> None:
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-m", "pytest_modelcompat.cli", "profile", "list"]
            done = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, env=environment(), text=True, check=False
            )
        assert done.returncode == 2
        assert done.stderr == "modelcompat: what was found cannot be written: No space left on device\n"

    def test_the_console_script_says_all_and_ends_with_the_exit_code(self) -> None:
        from importlib.metadata import entry_points

        (script,) = entry_points(group="console_scripts", name="modelcompat")
        assert script.value == "pytest_modelcompat.cli:run"
        code = "import sys; sys.argv = ['modelcompat', *sys.argv[1:]]; from pytest_modelcompat.cli import run; run()"
        listed, refused = (
            subprocess.run(
                [sys.executable, "-c", code, *arguments],
                capture_output=True,
                env=environment(),
                text=True,
                check=False,
            )
            for arguments in (["profile", "list"], ["nope"])
        )
        assert (listed.returncode, refused.returncode) == (0, 2)
        assert "tf2.21" in listed.stdout
        assert refused.stderr.startswith("modelcompat: there is no command nope")


@pytest.mark.usefixtures("models")
class TestWhatIsImported:
    def test_neither_pytest_nor_tensorflow_nor_what_they_need(self) -> None:
        """A command that answers in milliseconds imports next to nothing."""
        code = (
            "import sys; from pytest_modelcompat.cli import main; "
            "codes = [main(['inspect', 'plain.keras']), main(['check', 'graph', '--runtime', 'tf2.15'])]; "
            "heavy = {'pytest', '_pytest', 'tensorflow', 'keras', 'numpy', 'h5py', 'filelock'} & set(sys.modules); "
            "sys.exit(f'{codes} {heavy}')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
        )
        assert done.stderr == "[0, 0] set()\n"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT)}
