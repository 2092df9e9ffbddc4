"""`modelcompat report`: merging and showing reports, those of real runs among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.report.json_report import read_report, write_report
from tests.report.report_data import SCALE, failing
from tests.report.test_json_report import a_report, a_target

if TYPE_CHECKING:
    from tests.conftest import Project

VERSIONS = {"keras": "2.15.0", "tensorflow": "2.15.1", "python": "3.11.7"}
TESTS = """
    import pytest
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    def build(*more):
        return tf.keras.Sequential([tf.keras.Input((3,)), *more, tf.keras.layers.Dense(2)])

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_good():
        return build()

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_bad():
        return build(Scale())
"""


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and the current one, with the reports of two jobs; in the second, a target failed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    write_report(a_report(a_target(), a_target("test_tagger[keras]")), tmp_path / "local.json")
    targets = (a_target(runtime="tf2.15", verdict="failed"), a_target("test_tagger[keras]", "tf2.15", "expected"))
    write_report(a_report(*targets, runtimes={"tf2.15": VERSIONS}, stale=("test_it/gone",)), tmp_path / "tf2.15.json")
    return tmp_path


@pytest.mark.parametrize(("name", "first"), [("all.sarif", "{"), ("gl-code-quality-report.json", "[")])
def test_a_merged_report_has_the_format_of_its_name(reports: Path, modelcompat: Any, name: str, first: str) -> None:
    write_report(a_report(failing("test_a[h5]", SCALE, runtime="tf2.4")), reports / "tf2.4.json")
    assert modelcompat("report", "merge", "local.json", "tf2.4.json", "--out", name).code == 0
    text = (reports / name).read_text()
    assert text.startswith(first)
    assert text.count("unknown layer Scale") == 1
    # It is for others to read.
    result = modelcompat("report", "show", name)
    assert (result.code, result.err.startswith(f"modelcompat: {name} is not a report of pytest")) == (2, True)


def test_what_real_runs_wrote_is_merged_and_shown(project: Project, modelcompat: Any) -> None:
    project.write("test_it.py", TESTS)
    project.run("--modelcompat-update-golden", "--modelcompat-report=one.json", "-k", "good")
    project.run("--modelcompat-report=two.json")
    result = modelcompat("report", "merge", "one.json", "two.json", "--out", "made/all.json")
    assert (result.code, result.err) == (0, "1 target replaced by the same one of a later run\n")
    assert result.out.endswith("made/all.json: 2 reports, 1 runtime, 2 targets: 1 passed, 1 failed\n")

    shown = modelcompat("report", "show", "made/all.json")
    assert (shown.code, shown.err) == (1, "")
    assert [line.rstrip() for line in shown.out.splitlines()[4:]] == [
        "                 local",
        "test_good[h5]    ok",
        "test_bad[keras]  UNKNOWN LAYER",
        "",
        "UNKNOWN LAYER: the saved model cannot be loaded again with what the test declares",
        "  test_bad[keras] in local",
        '  fix        @pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})',
        "             or decorate it with @keras.utils.register_keras_serializable() and declare",
        '             @pytest.mark.model_roundtrip(imports=["test_it"])',
        "",
        "2 targets: 1 passed, 1 failed",
    ]
    good, bad = modelcompat("report", "show", "made/all.json", "--json").data
    assert (good["golden"], bad["kinds"]) == ("matched", ["UNKNOWN LAYER"])


@pytest.mark.usefixtures("reports")
class TestMerge:
    def test_says_what_it_made(self, modelcompat: Any) -> None:
        result = modelcompat("report", "merge", "local.json", "tf2.15.json", "--out", "all.json")
        assert (result.code, result.err) == (0, "")
        assert result.out == "all.json: 2 reports, 2 runtimes, 4 targets: 2 passed, 1 failed, 1 failed as expected\n"
        assert list(read_report(Path("all.json")).runtimes) == ["local", "tf2.15"]

    def test_the_merged_report_may_be_among_those_merged_again(self, modelcompat: Any) -> None:
        modelcompat("report", "merge", "local.json", "tf2.15.json", "--out", "all.json")
        before = read_report(Path("all.json"))
        modelcompat("report", "merge", "all.json", "local.json", "tf2.15.json", "--out", "all.json")
        after = read_report(Path("all.json"))
        assert (after.targets, after.runtimes) == (before.targets, before.runtimes)

    @pytest.mark.parametrize(
        ("file", "text", "told"),
        [
            ("notes.md", "# Notes", "notes.md is not a report of pytest --modelcompat-report: it is not JSON"),
            ("other.json", "{}", "other.json is not a report of pytest --modelcompat-report"),
            (
                "newer.json",
                json.dumps({"schema": 7, "generator": "pytest-modelcompat 9.0"}),
                (
                    "newer.json is a report of schema 7, written by pytest-modelcompat 9.0, and this version reads "
                    "schemas up to 2 only; use the same version of pytest-modelcompat everywhere"
                ),
            ),
        ],
    )
    def test_what_is_no_report_is_named(self, modelcompat: Any, file: str, text: str, told: str) -> None:
        Path(file).write_text(text)
        result = modelcompat("report", "merge", "local.json", file, "--out", "all.json")
        assert (result.code, result.out, result.err) == (2, "", f"modelcompat: {told}\n")
        assert not Path("all.json").exists()

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("local.json", "no.json", "--out", "all.json"), "no.json cannot be read: No such file or directory"),
            (("local.json", "--out", "notes.md"), "notes.md is there and is not a report, so it is not overwritten"),
            (("local.json", "--out", "notes.md/all.json"), "notes.md/all.json cannot be written: "),
            (("local.json",), "the following arguments are required: --out"),
            (("--out", "all.json"), "the following arguments are required: FILE"),
            (("local.json", "--outt", "all.json"), "there is no option --outt; did you mean '--out'?"),
        ],
    )
    def test_what_it_cannot_do(self, modelcompat: Any, arguments: tuple[str, ...], told: str) -> None:
        Path("notes.md").write_text("# Notes")
        result = modelcompat("report", "merge", *arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith(f"modelcompat: {told}")
        assert Path("notes.md").read_text() == "# Notes"


@pytest.mark.usefixtures("reports")
class TestShow:
    def test_shows_versions_the_table_and_why(self, modelcompat: Any) -> None:
        modelcompat("report", "merge", "local.json", "tf2.15.json", "--out", "all.json")
        result = modelcompat("report", "show", "all.json")
        assert (result.code, result.err) == (1, "")
        assert result.out.splitlines() == [
            "shop, 2026-03-01T10:00:00.000+00:00",
            "",
            "  local   nothing loaded",
            "  tf2.15  Keras 2.15.0, TensorFlow 2.15.1, Python 3.11.7",
            "",
            "                    local  tf2.15",
            "test_ranker[h5]     ok     UNKNOWN OP",
            "test_tagger[keras]  ok     xfail",
            "",
            "UNKNOWN OP: it has no op Erf",
            "  test_ranker[h5] in tf2.15",
            "",
            "4 targets: 2 passed, 1 failed, 1 failed as expected",
        ]

    def test_columns_limits_its_width(self, modelcompat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        modelcompat("report", "merge", "local.json", "tf2.15.json", "--out", "all.json")
        monkeypatch.setenv("COLUMNS", "30")
        table = modelcompat("report", "show", "all.json").out.splitlines()[5:12]
        assert [line.split()[-1] for line in (table[0], table[4])] == ["local", "tf2.15"]

    def test_only_what_failed(self, modelcompat: Any) -> None:
        out = modelcompat("report", "show", "tf2.15.json", "--failed").out
        assert "test_ranker[h5]  UNKNOWN OP" in out
        assert "test_tagger" not in out
        (target,) = modelcompat("report", "show", "tf2.15.json", "--failed", "--json").data
        assert target["title"] == "test_ranker[h5-tf2.15]"

    def test_as_markdown(self, modelcompat: Any) -> None:
        result = modelcompat("report", "show", "tf2.15.json", "--markdown")
        assert result.out.splitlines() == [
            "|  | tf2.15 |",
            "| --- | --- |",
            "| `test_ranker[h5]` | UNKNOWN OP |",
            "| `test_tagger[keras]` | UNKNOWN OP (expected) |",
            "",
            "- **UNKNOWN OP**: it has no op Erf (`test_ranker[h5]` in tf2.15; `test_tagger[keras]` in tf2.15)",
            "",
            "stale golden: test_it/gone (no test claims it)",
            "",
            "2 targets: 0 passed, 1 failed, 1 failed as expected",
        ]

    def test_all_is_well(self, modelcompat: Any) -> None:
        assert modelcompat("report", "show", "local.json").code == 0

    def test_what_nobody_saw_is_not_well(self, modelcompat: Any) -> None:
        problem = {"nodeid": "test_broken.py", "headline": "ImportError"}
        write_report(a_report(a_target(), complete=False, problems=(problem,)), Path("cut.json"))
        result = modelcompat("report", "show", "cut.json")
        assert result.code == 1
        assert "not complete: pytest stopped before all targets had run\n" in result.out
        assert "not seen: test_broken.py: ImportError\n" in result.out

    def test_an_empty_report(self, modelcompat: Any) -> None:
        write_report(a_report(), Path("empty.json"))
        result = modelcompat("report", "show", "empty.json")
        assert (result.code, result.out.splitlines()[-1]) == (0, "0 targets: 0 passed")
        assert modelcompat("report", "show", "empty.json", "--markdown").out == "0 targets: 0 passed\n"

    def test_two_forms_at_once(self, modelcompat: Any) -> None:
        result = modelcompat("report", "show", "local.json", "--json", "--markdown")
        assert (result.code, result.out) == (2, "")

    def test_control_characters_reach_no_terminal(self, modelcompat: Any) -> None:
        write_report(a_report(a_target(verdict="error", headline="\x1b[2Jgone")), Path("bad.json"))
        assert "\x1b" not in modelcompat("report", "show", "bad.json").out


def test_its_help_and_its_misspelling(modelcompat: Any) -> None:
    assert modelcompat("report").code == 2
    assert "modelcompat report merge FILE... --out FILE" in modelcompat("report", "-h").out
    result = modelcompat("report", "merg")
    assert (result.code, result.err) == (2, "modelcompat: there is no `report merg`; did you mean 'merge'?\n")


def test_recheck_judges_without_a_run(tmp_path: Path, modelcompat: Any) -> None:
    drift = {"output": "score", "dtype": "float32", "max_abs": 0.1, "mismatched": 1, "holds": False}
    figures = {
        "nan_mismatched": 0,
        "inf_mismatched": 0,
        "rtol": 0.0,
        "atol": 1e-5,
        "figures": {"frontier": [[1.0, 0.1]]},
    }
    target = {**a_target(verdict="failed"), "kinds": ["PREDICTIONS DRIFTED"], "drifts": [{**drift, **figures}]}
    file = tmp_path / "all.json"
    write_report(a_report(target), file)
    before = file.read_bytes()
    wider = modelcompat("report", "recheck", str(file), "--rtol", "0.2")
    assert (wider.code, wider.err) == (0, "")
    assert wider.out.startswith("test_ranker[h5]  failed -> passed  (within it)\n1 target: 0 failed, 1 changed")
    assert modelcompat("report", "recheck", str(file), "--atol", "0.05").code == 1
    (line,) = modelcompat("report", "recheck", str(file), "--atol", "0.2", "--json").out.splitlines()
    assert (json.loads(line)["before"], json.loads(line)["verdict"]) == ("failed", "passed")
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "recheck takes --rtol, --atol or both"),
        (("--rtol", "x"), "--rtol takes a number that is not negative, not 'x'"),
        (("--atol", "-1"), "--atol takes a number that is not negative, not '-1'"),
        (("--atoll", "1"), "there is no option --atoll; did you mean '--atol'?"),
    ],
)
def test_recheck_needs_a_tolerance(reports: Path, modelcompat: Any, arguments: tuple[str, ...], message: str) -> None:
    result = modelcompat("report", "recheck", str(reports / "local.json"), *arguments)
    assert result.code == 2
    assert message in result.err


@pytest.mark.usefixtures("reports")
class TestShowTarget:
    def test_its_text_alone(self, modelcompat: Any) -> None:
        write_report(
            a_report(a_target(verdict="failed", text="UNKNOWN OP  it\n\n  op  Erf"), a_target("b[h5]")), Path("r.json")
        )
        for name in ("test_ranker[h5]", "test_it.py::test_ranker[h5]"):
            result = modelcompat("report", "show", "r.json", "--target", name)
            assert (result.code, result.out) == (1, "UNKNOWN OP  it\n\n  op  Erf\n")
        passed = modelcompat("report", "show", "r.json", "--target", "b[h5]")
        assert (passed.code, passed.out) == (0, "b[h5]: passed\n")

    def test_one_that_is_not_there(self, modelcompat: Any) -> None:
        result = modelcompat("report", "show", "local.json", "--target", "test_rankr[h5]")
        assert result.code == 2
        assert "the report has no target 'test_rankr[h5]': did you mean 'test_ranker[h5]'?" in result.err

    @pytest.mark.parametrize("suffix", ["html", "md", "json", "sarif"])
    def test_a_report_in_another_format(self, modelcompat: Any, suffix: str) -> None:
        result = modelcompat("report", "show", "tf2.15.json", "--out", f"made/all.{suffix}")
        assert (result.code, result.out, result.err) == (1, f"made/all.{suffix}: 2 targets\n", "")
        assert "UNKNOWN OP" in Path(f"made/all.{suffix}").read_text(encoding="utf-8")
        merged = modelcompat("report", "merge", "local.json", "tf2.15.json", "--out", f"made/all.{suffix}")
        assert merged.code == 0

    def test_a_suffix_that_is_no_format(self, modelcompat: Any) -> None:
        result = modelcompat("report", "show", "local.json", "--out", "all.txt")
        assert result.code == 2
        assert (
            "all.txt has no suffix that names a format of a report: give it .json, .html, .md or .sarif" in result.err
        )
