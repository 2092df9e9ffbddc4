"""Taking goldens away that no test has any more: `modelcompat golden prune`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.store import GoldenStore
from tests.cli.goldens import freeze, names
from tests.golden.goldens import a_golden, a_section, write

TESTS = {
    "test_models.py": """
        import sys
        import pytest

        @pytest.mark.model_roundtrip
        def test_ranker():
            raise AssertionError("collecting runs no test")

        @pytest.mark.slow
        @pytest.mark.model_roundtrip(name="other")
        @pytest.mark.parametrize("size", [1, 2])
        def test_sized(size): ...

        def test_lazily():
            assert "tensorflow" not in sys.modules
    """,
    "test_calls.py": "def test_calls(model_roundtrip): ...",
    "test_skips.py": "import pytest\npytest.importorskip('no_such_module')",
    "test_plain.py": "def test_nothing(): ...",
}


def golden_of(*parts: str) -> GoldenName:
    name = GoldenName(tuple(parts[:-1]), parts[-1])
    write(GoldenStore(Path("golden")), name, a_golden(formats={"h5": a_section()}))
    return name


@pytest.fixture
def tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with tests, and goldens that they claim, may claim, and do not claim."""
    monkeypatch.chdir(tmp_path)
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = "-m \'not slow\'"\nmarkers = ["slow"]\n'
    )
    (tmp_path / "tests").mkdir()
    for file, text in TESTS.items():
        lines = text.replace("\n        ", "\n")
        (tmp_path / "tests" / file).write_text(lines)
    for name in ("test_ranker", "other[1]", "other[2]"):
        golden_of("tests", "test_models", name)
    golden_of("tests", "test_calls", "told only by running")
    golden_of("tests", "test_skips", "test_skipped")
    golden_of("shop.models:build")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "kept.h5").write_bytes(b"")
    golden_of("models", "kept.h5")
    return tmp_path


@pytest.fixture
def stale(tested: Path) -> list[str]:
    """The names of the goldens that no test claims; of one of them, a release is frozen."""
    gone = (
        golden_of("models", "gone.h5"),
        golden_of("tests", "test_gone", "test_ranker"),
        golden_of("tests", "test_models", "other[3]"),
        golden_of("tests", "test_plain", "test_nothing"),
    )
    freeze(gone[1], "v1", "h5", "keras")
    assert tested == Path.cwd()
    return [str(name) for name in gone]


class TestPrune:
    def test_shows_what_would_go(self, modelcompat: Any, stale: list[str]) -> None:
        before = names()
        result = modelcompat("golden", "prune")
        assert result.code == 1
        lines = result.out.splitlines()
        assert [line.split("  ")[0] for line in lines[:4]] == [f"would be removed: {name}" for name in stale]
        assert lines[4] == "stays: tests/test_gone/test_ranker as frozen in v1; --frozen removes it too"
        assert lines[5].startswith("4 of 11 goldens, ")
        assert lines[5].endswith("; --yes removes them")
        assert names() == before

    def test_says_what_it_cannot_tell(self, modelcompat: Any, stale: list[str]) -> None:
        assert stale
        assert modelcompat("golden", "prune").err.splitlines() == [
            (
                "kept: tests/test_calls/told only by running: a test in tests/test_calls uses the fixture "
                "model_roundtrip, and only running it shows what it claims"
            ),
            "kept: tests/test_skips/test_skipped: pytest collected no test in tests/test_skips.py",
        ]

    def test_removes_it(self, modelcompat: Any, stale: list[str]) -> None:
        before = names()
        result = modelcompat("golden", "prune", "--yes")
        assert result.code == 0
        assert [line.split("  ")[0] for line in result.out.splitlines()[:4]] == [f"removed: {name}" for name in stale]
        assert names() == [name for name in before if name not in stale]
        assert not Path("golden/tests/test_plain").exists()
        assert Path("golden/tests/test_gone/test_ranker/frozen/v1/model.keras").is_file()
        again = modelcompat("golden", "prune")
        assert again.code == 0
        assert again.out.splitlines()[-1] == "7 goldens, nothing to remove"

    def test_removes_what_is_frozen_only_if_told_to(self, modelcompat: Any, stale: list[str]) -> None:
        shown = modelcompat("golden", "prune", "--frozen")
        assert shown.code == 1
        assert "stays" not in shown.out
        assert f"would be removed: {stale[1]}  " in shown.out
        assert ", with what is frozen as v1\n" in shown.out
        modelcompat("golden", "prune", "--yes")
        removed = modelcompat("golden", "prune", "--frozen", "--yes")
        assert removed.code == 0
        assert removed.out.splitlines() == [
            f"removed: {stale[1]}  with what is frozen as v1",
            "0 of 7 goldens, 0 bytes; 2 frozen artifacts, 14 bytes",
        ]
        assert not Path("golden/tests/test_gone").exists()

    @pytest.mark.usefixtures("tested")
    def test_where_every_golden_is_claimed(self, modelcompat: Any) -> None:
        result = modelcompat("golden", "prune")
        assert (result.code, result.out) == (0, "7 goldens, nothing to remove\n")

    def test_from_a_folder_inside(
        self, modelcompat: Any, stale: list[str], tested: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tested / "tests")
        result = modelcompat("golden", "prune")
        first = [line.split("  ")[0] for line in result.out.splitlines()[:4]]
        assert first == [f"would be removed: {name}" for name in stale]

    def test_of_another_folder(self, modelcompat: Any, stale: list[str]) -> None:
        shutil.copytree("golden", "golden-keras2")
        result = modelcompat("golden", "prune", "--golden-dir", "golden-keras2", "--yes")
        assert result.code == 0
        assert set(stale) <= set(names())
        assert not Path("golden-keras2/tests/test_plain").exists()

    @pytest.mark.parametrize(
        ("file", "text", "said"),
        [
            ("tests/test_error.py", "import no_such_module", "tests/test_error.py"),
            ("tests/test_error.py", "import pytest\n@pytest.mark.model_roundtrip(atoll=1)\ndef test_x(): ...", "atoll"),
            ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '--no-such-option'", "no-such-option"),
            ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-p no:modelcompat'", "modelcompat-claims"),
        ],
    )
    def test_removes_nothing_where_collecting_fails(
        self, modelcompat: Any, stale: list[str], file: str, text: str, said: str
    ) -> None:
        assert stale
        before = names()
        Path(file).write_text(text)
        result = modelcompat("golden", "prune", "--yes")
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("modelcompat: pytest could not collect the tests in ")
        assert said in result.err
        assert names() == before

    def test_removes_nothing_where_there_is_no_model_test(self, modelcompat: Any, stale: list[str]) -> None:
        assert stale
        before = names()
        shutil.rmtree("tests")
        result = modelcompat("golden", "prune", "--yes")
        assert result.code == 2
        assert "pytest collected no model test in" in result.err
        assert names() == before

    def test_imports_no_tensorflow(self, stale: list[str]) -> None:
        code = "import sys; sys.modules['tensorflow'] = None; from pytest_modelcompat.cli import run; run()"
        for command in ("list", "prune", "show tests/test_models/test_ranker"):
            done = subprocess.run(
                [sys.executable, "-c", code, "golden", *command.split()],
                env={**os.environ}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == (1 if command == "prune" else 0), done.stderr
        assert stale
