"""The monthly job: what it asks uv, how it compares verdicts, and that CI has it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from pytest_modelcompat.profiles.profile import Profile

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))

from newest_versions import KINDS, NIGHTLY, compared, saved_examples  # noqa: E402 - the folder is on the path only now
from published import needed, newest, pythons_after  # noqa: E402


class TestWorkflow:
    def test_runs_once_a_month_a_stage_that_there_is(self) -> None:
        workflow = (ROOT / ".github" / "workflows" / "monthly.yml").read_text(encoding="utf-8")
        assert re.search(r'cron: "\d+ \d+ \d+ \* \*"', workflow)
        (stage,) = re.findall(r"run: \.ci/run (\w+)$", workflow, re.MULTILINE)
        script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
        assert re.search(rf"^{stage}\(\) \{{$", script, re.MULTILINE)
        assert "python benchmarks/newest_versions.py --out" in script

    @pytest.mark.parametrize("stage", ["upcoming", "upcomming"])
    def test_the_stage_is_known(self, stage: str) -> None:
        """`PYTHON` that is none stops it where it would begin."""
        command = ["env", "PYTHON=no-such-python", str(ROOT / ".ci" / "run"), stage]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ("unknown stage" in done.stderr) == (stage == "upcomming")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, frozenset[str]]:
    folder = tmp_path_factory.mktemp("models")
    return folder, saved_examples(folder)


@pytest.mark.needs_tensorflow
class TestComparison:
    def lines(
        self, old: Profile, new: Profile, models: tuple[Path, frozenset[str]], capsys: pytest.CaptureFixture[str]
    ) -> tuple[bool, list[str]]:
        capsys.readouterr()
        worse = compared(old, new, *models)
        return worse, capsys.readouterr().out.splitlines()

    def test_is_the_nearest_built_in_runtime_last(self) -> None:
        assert KINDS["newest-releases"] == ("keras", ("tf2.21",))
        assert KINDS["newest-pre-releases"] == (NIGHTLY, ("tf2.21", "tf2.22rc0"))

    def test_says_which_models_break(
        self, models: tuple[Path, frozenset[str]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        old = load_profile("tf2.21")
        names = {**old.names, "layer": {k: v for k, v in old.names["layer"].items() if k != "Conv2D"}}
        places = {k: v for k, v in old.places.items() if not k.endswith(".Conv2D")}
        worse, lines = self.lines(old, replace(old, name="later", names=names, places=places), models, capsys)
        assert worse
        broken = [line for line in lines if " in later" in line]
        assert "build_image_classifier.h5: loads in tf2.21, fails (UNKNOWN LAYER Conv2D) in later" in broken
        assert all(line.startswith("build_image_classifier.") for line in broken)
        assert lines[-1].endswith(f" models: {len(broken)} other verdicts")

    def test_what_is_better_is_no_failure(
        self, models: tuple[Path, frozenset[str]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        worse, lines = self.lines(load_profile("tf2.16"), load_profile("tf2.21"), models, capsys)
        assert not worse
        assert any(re.search(r"fails \(.*\) in tf2\.16, loads in tf2\.21$", line) for line in lines)


@pytest.mark.runtimes
class TestPublished:
    """What uv finds in the index that it is configured for."""

    def test_wheels_for_pythons_that_the_metadata_do_not_name(self) -> None:
        assert pythons_after("2.22.0-rc0", "3.13") == ["3.14"]
        assert pythons_after("2.21.0", "3.13") == []

    def test_pre_releases_only_where_they_count(self) -> None:
        assert re.fullmatch(r"[\d.]+", newest(["tensorflow"], "3.13")["tensorflow"])
        assert ".dev" in newest([NIGHTLY], "3.13", pre_releases=True)[NIGHTLY]

    def test_what_a_release_candidate_needs(self) -> None:
        found = needed({"tensorflow-cpu": "2.22.0rc0", NIGHTLY: "3.16.0.dev2026102704"}, "3.13")
        assert "keras" not in found
        assert found[NIGHTLY] == "3.16.0.dev2026102704"

    def test_what_there_is_not(self) -> None:
        with pytest.raises(LookupError, match="tensorflow"):
            needed({"tensorflow": "0.0.1"}, "3.13")
