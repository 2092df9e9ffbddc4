"""Failure texts as wide as a terminal."""

from __future__ import annotations

from pytest_modelcompat.report.line_wrap import wrapped, wrapped_summary

TEXT = """UNKNOWN LAYER  test_ranker[h5]: the saved model cannot be loaded again with what the test declares

  layer      Scale  ("scale in the tower", third of 5 layers; "scale_2" inside "tower")
  because    Keras has no layer of this name, and the test declares none
  fix        @pytest.mark.model_roundtrip(custom_objects={"Scale": Scale}, imports=["shop.layers"])
             or decorate it with @keras.utils.register_keras_serializable() and declare its module
  mismatch   4 of 4 elements (100 %)
             greatest absolute difference 1.8e+00 at [0, 0] (allowed 1e-05, from dtype float32)

  golden     golden/tests/shop/test_it/test_ranker[a b-c], made by Keras 3.15.1, TensorFlow 2.21.0
  accept     pytest 'tests/shop/test_it.py::test_ranker[a b-c-h5]' --modelcompat-update-golden
  | Traceback (most recent call last) of a line of the log that is longer than sixty"""


def test_words_move_below_the_text_they_belong_to() -> None:
    lines = wrapped(TEXT, 60).split("\n")
    assert lines[:6] == [
        "UNKNOWN LAYER  test_ranker[h5]: the saved model cannot be",
        "    loaded again with what the test declares",
        "",
        '  layer      Scale  ("scale in the tower", third of 5',
        '             layers; "scale_2" inside "tower")',
        "  because    Keras has no layer of this name, and the test",
    ]
    assert "             greatest absolute difference 1.8e+00 at [0, 0]" in lines
    assert "             (allowed 1e-05, from dtype float32)" in lines


def test_what_is_pasted_stays_in_one_piece() -> None:
    given, lines = TEXT.split("\n"), wrapped(TEXT, 60).split("\n")
    for number in (4, 5, 10, 11):
        assert given[number] in lines


def test_a_path_is_not_broken_at_a_blank_in_its_brackets() -> None:
    lines = wrapped(TEXT, 60).split("\n")
    assert "  golden     golden/tests/shop/test_it/test_ranker[a b-c]," in lines


def test_no_word_is_lost_or_broken_at_any_width() -> None:
    for width in range(40, 120):
        text = wrapped(TEXT, width)
        assert text.split() == TEXT.split()
        longer = [line for line in text.split("\n") if len(line) > width]
        assert all(line in TEXT.split("\n") or len(line.split()) <= 5 for line in longer), width


def test_a_pipe_and_a_terminal_of_no_width_leave_it_as_it_is() -> None:
    assert wrapped(TEXT, None) == wrapped(TEXT, 20) == wrapped(TEXT, 1000) == TEXT


def test_code_of_a_traceback_is_not_broken() -> None:
    code = "    return build(" + "a_long_name, " * 8 + ")"
    text = f"test_it.py:3: in test_it\n{code}\nE   ValueError: {'many words ' * 10}"
    lines = wrapped(text, 60).split("\n")
    assert code in lines
    assert max(len(line) for line in lines if line != code) <= 60


def test_a_warning_keeps_what_it_says_to_add_in_one_piece() -> None:
    line = (
        'test_it[h5]: warning: ARGUMENT NOT SAVED: Scale(factor=3.0) is not saved; add "factor": self.factor, to what '
        "get_config() of Scale returns"
    )
    assert list(wrapped_summary(line, 60)) == [
        "test_it[h5]: warning: ARGUMENT NOT SAVED: Scale(factor=3.0)",
        "    is not saved; add",
        '    "factor": self.factor, to what get_config() of Scale returns',
    ]
    assert list(wrapped_summary(line, None)) == [line]
    assert list(wrapped_summary("test_it[h5]  passed  (greatest drift 0)", 60)) == [
        "test_it[h5]  passed  (greatest drift 0)"
    ]
