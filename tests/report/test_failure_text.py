"""The failure text and the section at the end, rendered from results made by hand."""

from __future__ import annotations

import itertools

from pytest_modelcompat.report.failure_text import failure_text, headline, short_headline, summary_lines
from pytest_modelcompat.report.layout import versions_text
from pytest_modelcompat.report.user_properties import SummaryLine
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from pytest_modelcompat.results.result import Result, ResultContext

VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}
SCALE = Finding(
    Kind.UNKNOWN_LAYER,
    "Scale",
    where=('"scale_1", third of 5 layers', '"scale_2" inside "tower"'),
    cause="Keras has no layer of this name, and the test declares none",
    fix=("@pytest.mark.model_roundtrip(...)", "or decorate it"),
    quote="Unknown layer: 'Scale'.",
    details=(("role", "layer"),),
    log="Traceback …\n  the very end\n",
)
FACTS = ResultContext(
    artifact="test_ranker: model.h5",
    saved_by=VERSIONS,
    loaded_by=VERSIONS,
    custom_objects={"Soft": "shop.losses.soft"},
    golden="golden/test_it/test_ranker",
    golden_made_by={"keras": "3.12.0"},
    accept="pytest test_it.py --modelcompat-update-golden",
)
DRIFT = Finding(
    Kind.PREDICTIONS_DRIFTED,
    "score",
    cause="the model changed, its serialization did not",
    details=(("output", "score   float32 (2,)"), ("mismatch", "1 of 2 elements\ngreatest 3"), ("weights", "equal")),
)


def result(*findings: Finding, facts: ResultContext = FACTS) -> Result:
    return Result("test_ranker[h5]", "test_it/test_ranker", "h5", "local", findings, facts)


class TestFailureText:
    def test_of_one_finding(self) -> None:
        assert failure_text(result(SCALE)).split("\n") == [
            "UNKNOWN LAYER  test_ranker[h5]: the saved model cannot be loaded again with what the test declares",
            "",
            '  layer      Scale  ("scale_1", third of 5 layers; "scale_2" inside "tower")',
            "  because    Keras has no layer of this name, and the test declares none",
            "  fix        @pytest.mark.model_roundtrip(...)",
            "             or decorate it",
            "",
            "  artifact   test_ranker: model.h5, saved by Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7",
            "  loaded in  local: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7",
            "  declared   custom_objects: Soft -> shop.losses.soft    imports: none",
            "  it said    Unknown layer: 'Scale'.",
            "  about      modelcompat explain MC101",
            "  more       pytest -vv shows the original traceback and TensorFlow's log",
        ]

    def test_verbose_shows_the_log_in_its_place(self) -> None:
        lines = failure_text(result(SCALE), verbose=True).split("\n")
        assert lines[-2:] == ["  | Traceback …", "  |   the very end"]
        assert not any(line.startswith("  more") for line in lines)

    def test_several_findings_each_with_its_heading_unless_the_same(self) -> None:
        other = Finding(Kind.UNKNOWN_LAYER, "Other", cause="nor this one")
        lines = failure_text(result(SCALE, other, DRIFT)).split("\n")
        assert lines[0].endswith("declares (and 2 more)")
        assert lines.count("  UNKNOWN LAYER") == 0
        at = lines.index("  PREDICTIONS DRIFTED")
        assert lines[at - 4 : at] == ["", "  layer      Other", "  because    nor this one", ""]
        assert lines[at + 1] == "  because    the model changed, its serialization did not"

    def test_a_drift_names_its_golden_and_how_to_accept(self) -> None:
        lines = failure_text(result(DRIFT)).split("\n")
        assert lines[0] == "PREDICTIONS DRIFTED  test_ranker[h5]: the model changed, its serialization did not"
        assert lines[2:6] == [
            "  output     score   float32 (2,)",
            "  mismatch   1 of 2 elements",
            "             greatest 3",
            "  weights    equal",
        ]
        assert "  golden     golden/test_it/test_ranker, made by Keras 3.12.0" in lines
        assert "  accept     pytest test_it.py --modelcompat-update-golden" in lines
        assert not any(line.startswith(("  declared", "  because")) for line in lines)

    def test_notes_are_not_in_it(self) -> None:
        note = Finding(Kind.MODEL_CHANGED_BY_SAVING, "h5", cause="only told", severity=Severity.NOTE)
        text = failure_text(result(note, DRIFT))
        assert text.startswith("PREDICTIONS DRIFTED  test_ranker[h5]: the model changed, its serialization did not\n")
        assert "only told" not in text

    def test_what_never_reached_an_artifact_does_not_speak_of_one(self) -> None:
        missing = Finding(Kind.GOLDEN_MISSING, "golden", cause="there is no golden", fix=("record it",))
        assert failure_text(result(missing)).split("\n") == [
            "GOLDEN MISSING  test_ranker[h5]: there is no golden",
            "",
            "  fix        record it",
            "  about      modelcompat explain MC401",
        ]

    def test_places_without_a_label_stand_below_each_other(self) -> None:
        unsteady = Finding(Kind.NOT_DETERMINISTIC, "score", where=("noise", "drop"), cause="not twice the same")
        lines = failure_text(result(unsteady, facts=ResultContext("m.h5"))).split("\n")
        assert lines[2:-1] == ["  suspects   noise", "             drop", "", "  artifact   m.h5"]

    def test_several_kinds_are_explained_by_one_command(self) -> None:
        text = failure_text(result(SCALE, DRIFT, SCALE))
        assert [line for line in text.split("\n") if "explain" in line] == [
            "  about      modelcompat explain MC101 MC301"
        ]

    def test_no_line_has_blanks_at_its_end_and_none_is_repeated(self) -> None:
        lines = failure_text(result(SCALE, DRIFT)).split("\n")
        assert [line for line in lines if line != line.rstrip()] == []
        assert all(one or other for one, other in itertools.pairwise(lines))


def test_headline_is_the_most_severe_findings() -> None:
    assert headline(result(DRIFT)) == failure_text(result(DRIFT)).split("\n")[0]
    assert headline(result(DRIFT, SCALE)).endswith("did not (and 1 more)")


class TestShortHeadline:
    def test_kind_and_subject_come_first(self) -> None:
        assert short_headline(result(SCALE)) == (
            "UNKNOWN LAYER Scale: the saved model cannot be loaded again with what the test declares"
        )
        assert (
            short_headline(result(DRIFT)) == "PREDICTIONS DRIFTED score: the model changed, its serialization did not"
        )

    def test_subjects_of_one_kind_stand_together_and_the_rest_is_counted(self) -> None:
        others = [Finding(Kind.UNKNOWN_LAYER, name) for name in ("Shift", "Offset", "Noise")]
        text = short_headline(result(SCALE, *others, DRIFT))
        assert text.startswith("UNKNOWN LAYER Scale, Shift, Offset and 1 more: the saved model ")
        assert text.endswith(" (and 1 more)")

    def test_a_subject_that_the_sentence_begins_with_is_not_repeated(self) -> None:
        finding = Finding(Kind.ARTIFACT_BROKEN, "model.h5", cause="model.h5 is a corrupt HDF5 file")
        assert short_headline(result(finding)) == "ARTIFACT BROKEN: model.h5 is a corrupt HDF5 file"

    def test_the_tests_own_name_stands_before_it_already(self) -> None:
        missing = Finding(Kind.GOLDEN_MISSING, "test_ranker", cause="there is no golden yet\nat golden/test_ranker")
        assert short_headline(result(missing)) == "GOLDEN MISSING: there is no golden yet"
        failed = Finding(Kind.PREDICTION_FAILED, "test_ranker[h5]", cause="the model cannot be called")
        assert short_headline(result(failed)) == "PREDICTION FAILED: the model cannot be called"

    def test_what_is_predicted_names_its_runtimes(self) -> None:
        finding = Finding(Kind.UNKNOWN_OP, "Erf", cause="no", runtime="tf2.9 (TensorFlow 2.9)", stage=Stage.GRAPH)
        assert short_headline(result(finding)) == "UNKNOWN OP: it will not load in tf2.9: Erf"


def test_versions() -> None:
    assert versions_text(VERSIONS) == "Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7"
    assert versions_text({"tensorflow": "2.21.0", "keras": ""}) == "TensorFlow 2.21.0"
    assert versions_text({}) == "an unknown version"


class TestSummary:
    PASSED = SummaryLine("test_ranker[h5]", "c", drift="1e-07", golden="matched", notes=("saving changed it",))
    SAME_CASE = SummaryLine("test_ranker[saved_model]", "c", golden="matched")
    FAILED = SummaryLine("test_other[h5]", "o", "UNKNOWN LAYER")
    EXPECTED = SummaryLine("test_old[h5]", "x", "LOAD FAILED", expected=True)

    def test_a_line_each_in_columns_and_the_counts(self) -> None:
        assert list(summary_lines([self.PASSED, self.SAME_CASE, self.FAILED, self.EXPECTED], [], 0)) == [
            "test_ranker[h5]           passed  (greatest drift 1e-07, golden matched)",
            "test_ranker[saved_model]  passed  (golden matched)",
            "test_other[h5]            UNKNOWN LAYER",
            "test_old[h5]              LOAD FAILED, as expected",
            "4 targets, 1 failed, 1 failed as expected; goldens: 1 matched, 0 written, 0 stale",
        ]

    def test_quiet_has_the_counts_alone(self) -> None:
        assert list(summary_lines([self.PASSED], [], -1)) == [
            "1 target, 0 failed; goldens: 1 matched, 0 written, 0 stale"
        ]

    def test_how_many_artifacts_a_release_keeps_is_reported(self) -> None:
        lines = [SummaryLine("a[h5]", "a", golden="matched", frozen="v1.2"), self.FAILED]
        assert list(summary_lines(lines, [], -1)) == [
            "2 targets, 1 failed; goldens: 1 matched, 0 written, 0 stale; 1 frozen"
        ]

    def test_a_warning_of_a_case_counts_once_however_many_targets_have_it(self) -> None:
        lines = [SummaryLine(f"a[{name}]", "a", warnings=("lost", "worse")) for name in ("h5", "keras")]
        *shown, counts = summary_lines([*lines, SummaryLine("b[h5]", "b", warnings=("lost",))], [], -1)
        assert shown == [
            "a[h5] and 1 more target: warning: lost",
            "a[h5] and 1 more target: warning: worse",
            "b[h5]: warning: lost",
        ]
        assert counts == "3 targets, 0 failed, 3 warnings; goldens: 0 matched, 0 written, 0 stale"

    def test_notes_are_for_the_verbose(self) -> None:
        note = "test_ranker[h5]: note: saving changed it"
        assert note not in list(summary_lines([self.PASSED], [], 0))
        assert note in list(summary_lines([self.PASSED], [], 1))

    def test_stale_goldens_are_named_even_where_nothing_ran(self) -> None:
        assert list(summary_lines([], ["test_it/test_gone"], -1)) == [
            "stale golden: test_it/test_gone (no test claims it)",
            "0 targets, 0 failed; goldens: 0 matched, 0 written, 1 stale",
        ]

    def test_a_golden_counts_once_as_what_was_done_to_it(self) -> None:
        lines = [
            SummaryLine("a[h5]", "a", golden="updated", moved=("golden score moved by up to 0.1",)),
            SummaryLine("a[keras]", "a", golden="unchanged"),
            SummaryLine("b[h5]", "b", golden="written"),
            SummaryLine("b[keras]", "b", golden="matched"),
        ]
        *shown, counts = summary_lines(lines, [], -1)
        assert shown == ["a[h5]: golden score moved by up to 0.1"]
        assert counts == "4 targets, 0 failed; goldens: 0 matched, 1 written, 1 updated, 0 stale"
